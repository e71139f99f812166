"""Values in code: literals, what is put together of them, and the calls that they are given to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from safeshell.shell.code.bindings import bindings
from safeshell.shell.code.combine import FUNCTIONS, HOME, Value, filled, joined, split
from safeshell.shell.code.cursor import MEMBERS, OPENING, Cursor, IntricateError
from safeshell.shell.code.languages import Language
from safeshell.shell.code.lexer import Token, tokens
from safeshell.shell.words import Literal, Part, Unknown, Word

_TURNS_MAX = 64
"""Items of the lists that a code loops over, multiplied; with more it is too intricate."""

_DEEP = 40
"""Calls and brackets in one another; what is deeper isn't read."""

_PATH_MAX = 200
"""Characters of a name with its owners; of a longer one only the last counts."""

_SHOWN_MAX = 40
"""Characters of code that stand for a value which only the run can tell."""

_CLOSERS = (",", ")", "]", "}", ";", "")
_SKIPPED = ("new", "await", "my", "our", "local", "const", "let", "var", "return", "do", "not", "print", "puts", "p")
_ENDING = ("if", "unless", "or", "and", "for", "while", "do", "rescue", "then", "else", "end", "in", "is", "until")


@dataclass(slots=True)
class Deed:
    """A call that runs or deletes something.

    Attributes:
        kind: what it does with its arguments, as `languages` has it.
        arguments: those by position.
        keywords: those by name, as they are written; under "" what stands in braces.
        receiver: what it is a method of.
        shown: the call as it is written.
    """

    kind: str
    arguments: list[Value]
    keywords: dict[str, str] = field(default_factory=dict)
    receiver: Value = None
    shown: str = ""


class CodeReading:
    """A reading of code.

    Args:
        code: the text.
        language: its own.
        holes: what the line's shell puts in the places of marks in the code.

    Attributes:
        deeds: what it does, in order.
        whole: whether all of it was read.
    """

    def __init__(self, code: str, language: Language, holes: Sequence[Unknown] = ()) -> None:
        self._code = code
        self._language = language
        self._holes = holes
        self._at = Cursor(code, tokens(code, language.syntax))
        self._known: dict[int, tuple[Value, int]] = {}
        self._deeds: dict[int, Deed] = {}
        self._depth = 0
        self._aliases = _aliases(code, language)
        self._bound = bindings(self._at)
        self._items: dict[str, int] = {}
        self._turn: dict[str, int] = {}
        self.deeds: list[Deed] = []
        self.whole = True
        try:
            self._turns()
        except IntricateError:
            self.whole = False

    def _turns(self) -> None:
        """Reads the code with each item of the lists that it loops over."""
        self._run()
        names = list(self._items)
        turns = itertools.product(*[range(self._items[name]) for name in names])
        for number, turn in enumerate(itertools.islice(turns, 1, None) if names else ()):
            if number >= _TURNS_MAX:
                raise IntricateError
            self._turn = dict(zip(names, turn, strict=True))
            self._known.clear()
            self._run()

    def _run(self) -> None:
        """Reads each value that has a call which does something, and each string that a shell runs."""
        doing = {path.rpartition(".")[2] for path in self._language.calls}
        doing |= {name for name, path in self._aliases.items() if path.rpartition(".")[2] in doing}
        for at, token in enumerate(self._at.tokens):
            if token.kind == "shell":
                self._deeds[at] = Deed("text", [self._word(token)], shown=token.text)
            elif token.kind == "name" and token.text in doing:
                self._primary(self._at.start_of(at))
            elif self._language.piping and token.text in ("|", "|&"):
                self._pipe(at)
        self.deeds += [deed for _, deed in sorted(self._deeds.items()) if deed not in self.deeds]

    def _pipe(self, at: int) -> None:
        """Awk's `print | "command"` and `"command" | getline`."""
        if self._at.text(at + 1) == "getline":
            start = at
            while start and self._at.tokens[start - 1].kind == "text":
                start -= 1
            if start < at:
                self._deeds[at] = Deed("text", [self._expression(start, inside=False)[0]])
        elif at + 1 < len(self._at.tokens):
            self._deeds[at] = Deed("text", [self._expression(at + 1, inside=False)[0]])

    def _unknown(self, start: int, end: int) -> Word:
        shown = self._at.shown(start, max(end, start + 1))[:_SHOWN_MAX] or "…"
        return Word((Unknown(shown, quoted=True, several=False),))

    def _word(self, token: Token) -> Word:
        """A string's value, with what the line's shell puts in."""
        parts: list[Part] = []
        for part in token.parts:
            if isinstance(part, Unknown) or not self._holes:
                parts.append(part)
                continue
            for number, text in enumerate(HOLE.split(part.text)):
                if number % 2:
                    parts.append(self._holes[int(text)] if int(text) < len(self._holes) else Unknown(text, quoted=True))
                elif text:
                    parts.append(Literal(text, quoted=True))
        return Word(tuple(parts))

    def _variable(self, name: str) -> Value:
        """The value that a name is bound to."""
        start = self._bound.assigned.get(name)
        if start is not None and self._depth <= _DEEP:
            return self._expression(start, inside=False)[0]
        start = self._bound.looped.get(name)
        if start is None or self._depth > _DEEP:
            return None
        listed = self._at.text(start) == "(" or self._at.tokens[min(start, len(self._at.tokens) - 1)].words
        items = self._primary(start)[0] if listed else self._expression(start, inside=False)[0]
        if not isinstance(items, tuple) or not items:
            return None
        self._items[name] = len(items)
        return items[self._turn.get(name, 0) % len(items)]

    # Values

    def _expression(self, at: int, *, inside: bool) -> tuple[Value, int]:
        """The value that begins here, and what is behind it.

        Args:
            at: its first token.
            inside: whether it stands in brackets, where the end of a line doesn't end it.
        """
        start = at = self._at.behind_lines(at) if inside else at
        value, at = self._primary(at)
        while True:
            self._at.step()
            at = self._at.behind_lines(at) if inside else at
            text = self._at.text(at)
            if at >= len(self._at.tokens) or self._ends(at):
                return value, at
            path = text == "/" and self._language.adjacent
            if self._at.kind(at) == "op" and (text in self._language.joins or path):
                right, at = self._primary(self._at.behind_lines(at + 1))
                value = joined(value, right, "/" if path else "")
            elif self._language.adjacent and (
                self._at.kind(at) == "text" or (self._language.piping and self._at.kind(at) == "name")
            ):
                right, at = self._primary(at)
                value = joined(value, right, "")
            elif text == "%" and self._language.adjacent and isinstance(value, Word):
                value = filled(value, re.compile(r"%[-\d.]*[sdr]"))
                at = self._primary(self._at.behind_lines(at + 1))[1]
            else:
                at = self._end(at, inside=inside)
                return self._unknown(start, at), at

    def _ends(self, at: int) -> bool:
        token = self._at.tokens[at]
        if token.kind == "name":
            return token.text in _ENDING
        return token.kind == "line" or (
            token.kind == "op" and token.text in (",", ")", "]", "}", ";", "=>", ":", "||", "&&", "?", "|>", "|")
        )

    def _end(self, at: int, *, inside: bool) -> int:
        while at < len(self._at.tokens) and not (self._ends(at) and not (inside and self._at.kind(at) == "line")):
            at = self._at.behind(at) if self._at.kind(at) == "op" and self._at.text(at) in OPENING else at + 1
        return at

    def _primary(self, at: int) -> tuple[Value, int]:
        found = self._known.get(at)
        if found is None:
            if self._depth > _DEEP or at >= len(self._at.tokens):
                return self._unknown(at, at + 1), at + 1
            self._depth += 1
            self._known[at] = self._unknown(at, at + 1), at + 1  # of what refers to itself nothing is known
            try:
                found = self._known[at] = self._begin(at)
            finally:
                self._depth -= 1
        return found

    def _begin(self, at: int) -> tuple[Value, int]:
        token = self._at.tokens[at]
        if token.kind == "text":
            word = self._word(token)
            value: Value = tuple(split(word)) if token.words else word
            return self._chain(at, "*", value, at + 1)
        if token.kind == "name":
            if token.text in _SKIPPED and self._at.kind(at + 1) in ("name", "text"):
                return self._primary(at + 1)
            path = self._aliases.get(token.text, token.text)
            known = self._variable(token.text)
            return self._chain(at, path, self._unknown(at, at + 1) if known is None else known, at + 1)
        if token.text in ("(", "["):
            values, _, end = self._arguments(at)
            several = token.text == "[" or len(values) != 1 or self._at.text(end - 2) == ","
            return self._chain(at, "*", tuple(values) if several else values[0], end)
        if token.text == "{":
            return None, self._at.behind(at)
        if token.text == "\\" and self._at.kind(at + 1) == "name":
            return self._primary(at + 1)
        return self._unknown(at, at + 1), at + 1

    def _chain(self, start: int, path: str, value: Value, at: int) -> tuple[Value, int]:
        """What follows a value: members, calls, indexes."""
        known = True  # whether the value is; what isn't is shown by its code, once that is asked for
        receiver, receiver_known, receiver_end = value, False, at
        named = path != "*"
        while at < len(self._at.tokens):
            text = self._at.text(at)
            following = at + 1 if self._at.kind(at) == "op" and text in MEMBERS else 0
            if (
                not following
                and self._at.kind(at) == "line"
                and self._at.text(self._at.behind_lines(at)) in (".", "?.")
            ):
                following = self._at.behind_lines(at) + 1  # a chain that goes on in the next line
            if following and self._at.kind(following) == "name":
                path = f"{'*' if len(path) > _PATH_MAX else path}.{self._at.text(following)}"
                receiver, receiver_known, receiver_end = value, known, at
                home = self._language.values.get(path) == "HOME"
                value, known, named = HOME if home else None, home, True
                at = following + 1
                continue
            bare = named and self._language.bare and self._kind_of(path) and self._begins(at)
            if (text == "(" and self._at.kind(at) == "op" and named) or bare:
                arguments, keywords, end = self._listed(at) if bare else self._arguments(at)
                if not receiver_known:
                    receiver = self._unknown(start, receiver_end)
                path, value = self._called(start, path, Deed("", arguments, keywords, receiver), end)
                known, named, at = True, False, end
                if bare:
                    return value, at
            elif text == "[" and self._at.kind(at) == "op":
                at = self._at.behind(at)
                path, value, known, named = "*", None, False, False
            else:
                break
        if named and self._kind_of(path) == "delete-self":
            shown = receiver if receiver_known else self._unknown(start, receiver_end)
            self._deeds[at] = Deed("delete-self", [], {}, shown, self._at.shown(start, at))
        return value if known else self._unknown(start, at), at

    def _begins(self, at: int) -> bool:
        """Whether a bare call's arguments begin here."""
        token = self._at.tokens[at]
        return (
            token.kind in ("text", "shell")
            or (token.kind == "name" and token.text not in _ENDING)
            or (token.text in ("[", "{", "\\") and self._at.tokens[at - 1].end < token.start)
        )

    def _kind_of(self, path: str) -> str:
        calls = self._language.calls
        return calls.get(path, "") or (calls.get(f"*.{path.rpartition('.')[2]}", "") if "." in path else "")

    def _called(self, start: int, path: str, deed: Deed, end: int) -> tuple[str, Value]:
        """Notes a call; returns the path and value of its result."""
        kind = self._kind_of(path)
        if kind:
            deed.kind, deed.shown = kind, self._at.shown(start, end)
            self._deeds[end] = deed
        first = deed.arguments[0] if deed.arguments else None
        if path in ("require", "__import__", "importlib.import_module") and isinstance(first, Word) and first.literal:
            return first.literal.removeprefix("node:"), None
        values = self._language.values
        method = values.get(f"*.{path.rpartition('.')[2]}") if "." in path else None
        how = values.get(path)
        given = deed.arguments
        if method is not None and (how is None or path.startswith("*.")):
            how, given = method, [deed.receiver, *deed.arguments]
        return "*", (FUNCTIONS[how](given) if how else None) or self._unknown(start, end)

    def _arguments(self, at: int) -> tuple[list[Value], dict[str, str], int]:
        """What stands in the brackets that begin here; returns what is behind them too."""
        return self._listed(at + 1, closing=OPENING[self._at.text(at)])

    def _listed(self, at: int, closing: str = "") -> tuple[list[Value], dict[str, str], int]:
        """Arguments up to a bracket, or of a bare call."""
        values: list[Value] = []
        keywords: dict[str, str] = {}
        while True:
            self._at.step()
            at = self._at.behind_lines(at) if closing else at
            text = self._at.text(at)
            if at >= len(self._at.tokens) or (self._at.kind(at) == "op" and text in (")", "]", "}", ";")):
                return values, keywords, at + (text == closing and bool(closing))
            if not closing and self._ends(at):
                return values, keywords, at
            start = at
            marks = ("=", ":", "=>") if self._at.kind(at) == "name" else ("=>",)
            if self._at.kind(at) in ("name", "text") and self._at.text(at + 1) in marks:
                at = self._expression(at + 2, inside=bool(closing))[1]
                keywords[text] = self._at.shown(start + 2, at)
            elif text in ("*", "**", "...") and self._at.kind(at) == "op":
                at = self._expression(at + 1, inside=bool(closing))[1]
                values.append(Word((Unknown(self._at.shown(start, at), quoted=False),)))
            else:
                value, at = self._expression(at, inside=bool(closing))
                values.append(value)
                if text == "{":
                    keywords[""] = self._at.shown(start, at)
            at = max(at, start + 1)
            if self._at.text(at) not in _CLOSERS:
                at = self._end(at, inside=bool(closing))
            if not closing and self._at.text(at) != ",":
                return values, keywords, at
            if self._at.text(at) not in _CLOSERS or self._at.text(at) == ",":
                at += 1


HOLE = re.compile("ꙮ(\\d+)ꙮ")
"""The mark in code of what the line's shell puts in."""


def _aliases(code: str, language: Language) -> dict[str, str]:
    """The full names of what is imported."""
    found: dict[str, str] = {}
    for pattern in language.imports:
        for match in re.finditer(pattern, code):
            groups = match.groupdict()
            if groups.get("star"):
                inside = f"{groups['module']}."
                found.update({path.removeprefix(inside): path for path in language.calls if path.startswith(inside)})
                continue
            module = groups["module"]
            if groups.get("alias"):
                found[groups["alias"]] = module
            for name in re.split(r"[,\n]", groups.get("names") or ""):
                words = re.split(r"\s+as\s+|\s*:\s*", name.strip())
                if words[0]:
                    found[words[-1]] = f"{module}.{words[0]}"
    return found
