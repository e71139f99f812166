"""Nested commands: what a command runs in turn, as a command or as a text that a shell reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from safeshell.shell.script_files import ScriptFile
from safeshell.shell.words import Unknown, Word, literals

ANYTHING = "…"
"""What stands for text of which nothing is known."""

_SHOWN_MAX = 60
"""Characters of a word that are shown."""


@dataclass(frozen=True, slots=True)
class NestedCommand:
    """A command that is run in turn.

    Attributes:
        words: its arguments; none where nothing of it is known.
        directory: where it runs, relative to its caller's: a word, or None.
        changes: variables that it has besides; None removes one.
        bare: its environment is empty but for `changes`.
        shims: whether it is looked up along the caller's PATH; not behind what sets one of its own, or leads elsewhere.
        guess: nothing is known of the program, and these are operands that may be a command: they count only where the
            first is a name that a rule that restricts has.
        shown: how it is written where it is no command but a call that does what this command does
            (`shutil.rmtree("/x")`); "" for a command. Nothing can run in the place of a call.
    """

    words: tuple[Word, ...]
    directory: Word | None = None
    changes: tuple[tuple[str, Word | None], ...] = ()
    bare: bool = False
    shims: bool = True
    guess: bool = False
    shown: str = ""


@dataclass(frozen=True, slots=True)
class NestedText:
    """A shell text that is run in turn.

    Attributes:
        text: the text as it is written, or None where it comes from somewhere that only the run can tell.
        whole: whether all of it is known.
        positional: `$1` and so on, where they are known.
        name: `$0`, where it is known.
        remote: it runs on another machine.
        inside: it runs in the calling shell itself.
        shell: the basename of the shell that reads it; "" for the one that reads the line.
        shims: as of a NestedCommand, for all that it runs.
        read: it was read from the standard input, of which nothing is left for what it runs. What another text runs
            reads on.
    """

    text: str | None
    whole: bool = True
    positional: tuple[Word, ...] | None = None
    remote: bool = False
    inside: bool = False
    shell: str = ""
    shims: bool = True
    name: Word | None = None
    read: bool = False


Nested = NestedCommand | NestedText

Placed = tuple[Nested, str]
"""What runs of a file, and where that stands, as `FILE:LINE`; "" where it is all of the file's text."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A file that was found, and what reads more.

    Attributes:
        file: it.
        directory: where it was looked for and found, absolute; "" where it is named by an absolute path.
        other: reads another file, by its path relative to that directory.
        check: raises once the line's files took too long.
    """

    file: ScriptFile
    directory: str
    other: Callable[[str], ScriptFile | None]
    check: Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class NestedFile:
    """A file that is read when a command runs, and of which something runs then.

    Attributes:
        names: where it may be, the first that is there counts: absolute, or relative to a directory.
        runs: what of it runs.
        directory: where, relative to the command's: a word, or None.
        upward: whether it may be in a directory above, too.
        here: whether it is looked for there at all.
        along_path: whether a name without a slash is looked up along PATH after that.
        accepts: tells by a file's first bytes whether it is one of these.
    """

    names: tuple[str, ...]
    runs: Callable[[Found], Iterator[Placed]]
    directory: Word | None = None
    upward: bool = False
    here: bool = True
    along_path: bool = False
    accepts: Callable[[bytes], bool] | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """What a command reads from its standard input.

    Attributes:
        text: it, or None where only the run can tell.
        whole: whether it holds no expansions.
        maybe: where only the run can tell, what it is if all goes as it most likely does: `sh` is dash or bash, and
            a program that isn't known writes nothing but what the command behind it does.
    """

    text: str | None
    whole: bool = True
    maybe: tuple[str, ...] = ()

    @property
    def ways(self) -> tuple[Input, ...]:
        """It, and each that it may be."""
        return (self, *[Input(text) for text in self.maybe])

    @property
    def nested(self) -> NestedText:
        """It as the text that a shell runs."""
        return NestedText(self.text, self.whole, read=True)


def joined(words: Sequence[Word], *, remote: bool = False, inside: bool = False) -> NestedText:
    """The text that a program makes of its words, blanks between them."""
    return NestedText(" ".join([word.code for word in words]), literals(words) is not None, None, remote, inside)


def anything_by(word: Word) -> NestedCommand:
    """The command of which nothing is known because an unquoted word may be anything."""
    shown = word.written if len(word.written) <= _SHOWN_MAX else f"{word.written[:_SHOWN_MAX]}…"
    why = f"unquoted, `{shown}` may be any words"
    return NestedCommand((Word((Unknown(ANYTHING, quoted=False, why=why),)),))


def file_of(word: Word) -> Input | None:
    """What is in the file that a word names, where that is a process substitution's; None for other files."""
    for part in word.parts:
        if isinstance(part, Unknown):
            if isinstance(part.file, Input):
                return part.file
            if part.source.startswith(("<(", "=(")):
                return Input(None)
    return None
