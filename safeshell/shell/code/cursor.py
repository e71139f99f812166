"""Tokens of code, looked at from any place: brackets that belong together, where a value begins, what is shown."""

from __future__ import annotations

from safeshell.shell.code.lexer import Token

MEMBERS = (".", "->", "?.", "::")
"""Operators before a member's name."""

OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = (")", "]", "}")

_SLICE_MAX = 1024
"""Characters of code that are looked at to show them."""

_STEPS_MAX = 50_000
"""Looks at tokens in which a code has to be read; a text of this size that somebody wrote takes a tenth."""


class IntricateError(Exception):
    """Code takes more steps to be read than any that somebody wrote."""


class Cursor:
    """The tokens of a code.

    Args:
        code: the text.
        found: its tokens.
    """

    def __init__(self, code: str, found: list[Token]) -> None:
        self.tokens = found
        self._code = code
        self._steps = 0
        self._opening: dict[int, int] = {}
        self._closing: dict[int, int] = {}
        waiting: list[int] = []
        for at, token in enumerate(found):
            if token.kind == "op" and token.text in OPENING:
                waiting.append(at)
            elif token.kind == "op" and token.text in CLOSING and waiting:
                self._opening[at] = waiting.pop()
                self._closing[self._opening[at]] = at

    def text(self, at: int) -> str:
        """How a token is written; "" before the first and behind the last."""
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def kind(self, at: int) -> str:
        """A token's kind; "" before the first and behind the last."""
        return self.tokens[at].kind if 0 <= at < len(self.tokens) else ""

    def step(self) -> None:
        """Counts a look.

        Raises:
            IntricateError: there were too many.
        """
        self._steps += 1
        if self._steps > _STEPS_MAX:
            raise IntricateError

    def behind_lines(self, at: int) -> int:
        """The next token that is no end of a line."""
        while self.kind(at) == "line":
            at += 1
        return at

    def behind(self, at: int) -> int:
        """What follows the bracket that closes the one here; the end where none does."""
        return self._closing.get(at, len(self.tokens) - 1) + 1

    def shown(self, start: int, end: int) -> str:
        """The code of some tokens, in one line."""
        if start >= len(self.tokens):
            return ""
        begin = self.tokens[start].start
        last = self.tokens[max(start, min(end, len(self.tokens)) - 1)]
        return " ".join(self._code[begin : min(last.end, begin + _SLICE_MAX)].split())

    def start_of(self, at: int) -> int:
        """Where the value begins of which a name is a member."""
        while at > 1 and self.kind(at - 1) == "op" and self.text(at - 1) in MEMBERS:
            self.step()
            before = at - 2
            while before > 0 and self.kind(before) == "line":
                before -= 1
            while before in self._opening and self.text(before) != "}":
                before = self._opening[before]
                if (before and self.kind(before - 1) == "name") or before - 1 in self._opening:
                    before -= 1
            if self.kind(before) not in ("name", "text") and self.text(before) not in ("(", "["):
                break
            at = before
        return at
