"""Words of a shell line as structures: literal text, and parts that only the run can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True, unsafe_hash=True)  # frozen ones are made at three times the cost, and a line makes hundreds
class Literal:
    """Text that stands for itself; it is not changed once it is made.

    Attributes:
        text: without its quotes; bytes that are not UTF-8 as surrogates.
        quoted: whether it was quoted, and so is no pattern, brace or tilde.
    """

    text: str
    quoted: bool

    @property
    def source(self) -> str:
        """The text, as patterns see it."""
        return self.text


@dataclass(slots=True, unsafe_hash=True)
class Unknown:
    """What only the run can tell; it is not changed once it is made.

    Attributes:
        source: how it is written.
        quoted: whether it stands in double quotes, and so never becomes several words.
        variable: the name where it is a plain `$NAME` or `${NAME…}`, else "".
        operation: what follows the name inside the braces, like `:-x`, or "".
        several: whether it may become no word or many.
        why: why it isn't known, as a clause about "it" ("the environment given doesn't have it"), or "".
        output: the words of the command whose output it is, where that is one command with known words only.
        node: what it is in the line's tree, for who works it out; None for what was made, and once it is told why it
            can't be: what is kept of a command is not to keep its line's tree.
        file: what is in the file that it names, where that is a process substitution's.
    """

    source: str
    quoted: bool
    variable: str = ""
    operation: str = ""
    several: bool = True
    why: str = ""
    output: tuple[str, ...] = ()
    node: object = field(default=None, compare=False, repr=False)
    file: object = field(default=None, compare=False, repr=False)

    @property
    def is_pattern(self) -> bool:
        """Whether it is what stands for file names: `*`, `?`, `[…]`."""
        return not self.variable and self.source[:1] in ("*", "?", "[")

    @property
    def is_number(self) -> bool:
        """Whether it can only be a number: `$?`, `$$`, `$((…))` and the like."""
        return self.variable in ("#", "?", "$", "!") or self.source.startswith(("$((", "$["))

    def told(self, why: str, file: object = None) -> Unknown:
        """It with why it isn't known, and what is in the file that it names."""
        return Unknown(
            *(self.source, self.quoted, self.variable, self.operation, self.several, why, self.output),
            file=file or self.file,
        )


Part = Literal | Unknown


class Word:
    """A word; it is not changed once it is made.

    Attributes:
        parts: what it is made of; none is the empty word.
        source: how it is written in the line, quotes included; "" where it was made.
        written: the word as it is written, without its quotes.
        literal: the word's text, or None where only the run can tell it.
    """

    __slots__ = ("literal", "parts", "source", "written")

    def __init__(self, parts: tuple[Part, ...], source: str = "") -> None:
        """Takes its parts, and how it is written."""
        self.parts = parts
        self.source = source
        if len(parts) == 1 and isinstance(parts[0], Literal):  # most are
            self.written = parts[0].text
            self.literal: str | None = self.written
        else:
            self.written = "".join([part.source for part in parts])
            self.literal = None if Unknown in map(type, parts) else self.written

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Word) and self.source == other.source and self.parts == other.parts)

    def __hash__(self) -> int:
        return hash(self.source or self.written)

    def __repr__(self) -> str:
        return f"Word({self.parts!r}, {self.source!r})"

    @property
    def code(self) -> str:
        """The word as shell text that is to be read: what only the run can tell is an expansion in it."""
        return "".join([part.text if isinstance(part, Literal) else _as_code(part) for part in self.parts])

    @property
    def several(self) -> bool:
        """Whether it may become no word or many."""
        if self.literal is not None:
            return False
        return any(isinstance(part, Unknown) and part.several for part in self.parts)

    @property
    def prefix(self) -> str:
        """The literal text before the first part that only the run can tell."""
        if self.literal is not None:
            return self.literal
        found = []
        for part in self.parts:
            if isinstance(part, Unknown):
                break
            found.append(part.text)
        return "".join(found)


def _as_code(part: Unknown) -> str:
    return part.source if part.source[:1] in ("$", "`") else "${STANDARD_INPUT}"


def plain(text: str) -> Word:
    """A word of literal text."""
    return Word((Literal(text, quoted=True),))


def unknown(source: str, *, several: bool = True) -> Word:
    """A word that only the run can tell."""
    return Word((Unknown(source, quoted=not several, several=several),))


def literals(words: Sequence[Word]) -> list[str] | None:
    """The words' texts, or None where one is unknown."""
    found = [word.literal for word in words]
    return None if None in found else [text for text in found if text is not None]
