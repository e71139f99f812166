"""What reading goes on from: a text, the place in it, and what is still to be read behind the next newline."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from safeshell.shell.limits import OverrunError
from safeshell.shell.syntax.places import WORD, ZSH_WORD, Place
from safeshell.shell.syntax.tree import AndOr, Command, Dialect, Part, Pipeline, Redirect, Sequence

DEPTH_MAX = 64
"""Commands, substitutions and braces in one another."""

FAILURES_MAX = 64
"""Parts of documents that can't be read."""

_STEPS = 256
"""Words between two looks at the limit."""


class BrokenError(Exception):
    """The text can't be read on.

    Attributes:
        at: the offset of what is wrong.
        why: a clause about "it".
    """

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at = at
        self.why = why


class Grammar(NamedTuple):
    """Productions that stand below others and are made of them.

    Attributes:
        sequence: lists, up to what can't begin a command.
        and_or: pipelines with `&&` and `||` between, or None where none begins.
        pipeline: commands with `|` between, or None where none begins.
        complete: the lists of a complete command, and the newline that ends it.
        command: one command, or None where none begins.
        parts: parts of a word, up to what ends a place.
    """

    sequence: Callable[[State], Sequence]
    and_or: Callable[[State], AndOr | None]
    pipeline: Callable[[State], Pipeline | None]
    complete: Callable[[State], list[AndOr]]
    command: Callable[[State], Command | None]
    parts: Callable[[State, Place], tuple[Part, ...]]


class Mark(NamedTuple):
    """A state that one can go back to."""

    at: int
    end: int
    depth: int
    pending: list[Redirect]
    jump: tuple[int, int] | None


class State:
    """A text that is being read.

    Attributes:
        data: the text.
        at: the offset of the next byte.
        end: where what is read ends; a part of the text may be read by itself.
        dialect: whose grammar it is.
        zsh, sh, bash: whether it is that one's.
        joins: whether a backslash joins lines anywhere in it.
        jump: a newline, and where the text goes on behind it, as here-documents behind it were read before; or None.
        pending: here-documents whose bodies begin behind the next newline.
        until: the byte that closes the substitution around, as a here-document may end before it; 0 outside.
        word: what a word is, but for a command's name.
        test: whether this is inside `[[ … ]]`, where patterns may have groups.
        strips: whether this is inside a document that loses the tabs that its lines begin with.
        failed: where a reading was tried in vain, so that no place is tried twice.
        quoted_newline: the last newline so far that stands in single quotes, -1 for none.
    """

    __slots__ = (
        "_count",
        "_failures",
        "at",
        "bash",
        "data",
        "depth",
        "dialect",
        "end",
        "failed",
        "grammar",
        "joins",
        "jump",
        "limit",
        "pending",
        "quoted_newline",
        "sh",
        "strips",
        "test",
        "until",
        "word",
        "zsh",
    )

    def __init__(self, data: bytes, dialect: Dialect, grammar: Grammar, limit: Callable[[], None], depth: int) -> None:
        self.data = data
        self.at = 0
        self.end = len(data)
        self.joins = b"\\\n" in data
        self.dialect = dialect
        self.bash = dialect is Dialect.BASH
        self.sh = dialect is Dialect.SH
        self.zsh = dialect is Dialect.ZSH
        self.word = ZSH_WORD if self.zsh else WORD
        self.grammar = grammar
        self.limit = limit
        self.depth = depth
        self.pending: list[Redirect] = []
        self.jump: tuple[int, int] | None = None
        self.until = 0
        self.test = False
        self.strips = False
        self.failed: set[tuple[int, str]] = set()
        self.quoted_newline = -1
        self._count = 0
        self._failures = 0

    def within(self, data: bytes) -> State:
        """The state of a text that this one holds in another form."""
        return State(data, self.dialect, self.grammar, self.limit, self.depth)

    def enter(self) -> None:
        """Goes one level deeper; who does takes 1 from `depth` again.

        Raises:
            OverrunError: too deep.
        """
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise OverrunError(f"it nests more than {DEPTH_MAX} deep")

    def step(self) -> None:
        """Counts a word, and looks at the limit now and then."""
        self._count += 1
        if self._count >= _STEPS:
            self._count = 0
            self.limit()

    def fail(self) -> None:
        """Counts a reading that came to nothing; each may have gone through all of the text.

        Raises:
            OverrunError: too many.
        """
        self._failures += 1
        if self._failures > FAILURES_MAX:
            raise OverrunError("too much of it can't be read")

    def mark(self) -> Mark:
        """Where it stands."""
        return Mark(self.at, self.end, self.depth, self.pending, self.jump)

    def back(self, mark: Mark) -> None:
        """Stands there again."""
        self.at, self.end, self.depth, self.pending, self.jump = mark

    def peek(self, ahead: int = 0) -> int:
        """A byte from here on, or -1 behind the end."""
        at = self.at + ahead
        return self.data[at] if at < self.end else -1

    def unexpected(self, at: int | None = None) -> BrokenError:
        """The error for what stands here."""
        at = self.at if at is None else at
        if at >= self.end:
            return BrokenError(at, "it ends in the middle of a command")
        shown = self.data[at : at + 1].decode("latin-1")
        return BrokenError(at, f"it has {'a newline' if shown == chr(10) else repr(shown)} where that can't stand")
