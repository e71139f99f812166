"""Compound commands of a line: which of their lists run, and what the shell may be like behind them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from safeshell.shell.encoding import decode
from safeshell.shell.nested_commands import Input
from safeshell.shell.run import Runner
from safeshell.shell.scope import OPEN, Scope, scalar
from safeshell.shell.syntax.tree import (
    Case,
    Command,
    Coproc,
    For,
    Group,
    If,
    Part,
    Redirect,
    Repeat,
    Sequence,
    Subshell,
    Test,
    Text,
    While,
)
from safeshell.shell.syntax.tree import Word as Node
from safeshell.shell.words import Unknown, Word, literals

ITEMS_MAX = 64
"""Words of a `for` that are each looked at alone; with more, its variable is left for the run."""

ROUNDS_MAX = 3
"""Times that a loop's body is walked; what is still new then is left for the run."""


class Walker(Protocol):
    """What walks the parts of a compound command, as `safeshell.shell.walk` does.

    Attributes:
        runner: what runs simple commands.
    """

    runner: Runner

    def sequence(self, sequence: Sequence, scope: Scope) -> None:
        """Walks lists, one after another."""

    def command(self, command: Command, scope: Scope) -> None:
        """Walks a command of any kind."""

    def inside(self, parts: tuple[Part, ...], scope: Scope) -> None:
        """Walks the substitutions in a word."""

    def count(self, start: int, end: int, scope: Scope) -> None:
        """Leaves what arithmetic assigns for the run; the offsets are of its expression."""

    def redirected(self, redirects: tuple[Redirect, ...], scope: Scope) -> Scope:
        """The shell with what redirections give it to read; the same one where there are none."""
        ...

    def expanded(self, nodes: tuple[Node, ...], scope: Scope) -> list[Word]:
        """The words of a list, for every value that its variables may have."""
        ...


def _subshell(walk: Walker, node: Subshell, scope: Scope) -> None:
    walk.sequence(node.body, walk.redirected(node.redirects, scope).fork())


def _group(walk: Walker, node: Group, scope: Scope) -> None:
    inner = walk.redirected(node.redirects, scope)
    walk.sequence(node.body, inner)
    if node.always is not None:
        walk.sequence(node.always, inner)
    scope.become(inner)


def _if(walk: Walker, node: If, scope: Scope) -> None:
    inner = walk.redirected(node.redirects, scope)
    ways: list[Scope] = []
    for condition, body in node.arms:
        walk.sequence(condition, inner)
        way = inner.copy()
        walk.sequence(body, way)
        ways.append(way)
    if node.otherwise is not None:
        walk.sequence(node.otherwise, inner)
    for way in ways:
        inner.join(way)
    scope.become(inner)


def _while(walk: Walker, node: While, scope: Scope) -> None:
    inner = walk.redirected(node.redirects, scope)
    walk.sequence(node.condition, inner)

    def once(way: Scope) -> None:
        walk.sequence(node.body, way)
        walk.sequence(node.condition, way)

    _loop(once, inner)
    scope.become(inner)


def _loop(once: Callable[[Scope], None], scope: Scope) -> None:
    """Walks a body that may run any number of times."""
    for number in range(ROUNDS_MAX):
        way = scope.copy()
        once(way)
        before = dict(scope.variables), scope.directories, scope.positional
        scope.join(way)
        if before == (scope.variables, scope.directories, scope.positional):
            return
        if number == ROUNDS_MAX - 2:
            for name, variable in scope.variables.items():
                if before[0].get(name) != variable:
                    scope.variables[name] = OPEN
            if scope.directories != before[1]:
                scope.directories = (None,)


def _for(walk: Walker, node: For, scope: Scope) -> None:
    inner = walk.redirected(node.redirects, scope)
    words: list[Word] | None = None
    if node.words is not None:
        for word in node.words:
            walk.inside(word.parts, inner)
        words = walk.expanded(node.words, inner)
    elif inner.positional is not None:
        words = list(inner.positional)
    names = [decode(name) for name in node.names]
    if words is None or len(words) > ITEMS_MAX or len(names) != 1:
        for name in names:
            inner.assign(name, OPEN)
        _loop(lambda way: walk.sequence(node.body, way), inner)
    else:
        before = inner.copy()
        for item in words:
            inner.assign(names[0], scalar(_as_value(item)))
            walk.sequence(node.body, inner)
        if any(word.several for word in words):
            inner.join(before)
    scope.become(inner)


def _repeat(walk: Walker, node: Repeat, scope: Scope) -> None:
    inner = walk.redirected(node.redirects, scope)
    walk.inside(node.head.parts, inner)
    _evaluate(walk, node.head, inner)
    walk.count(node.head.start, node.head.end, inner)
    _loop(lambda way: walk.sequence(node.body, way), inner)
    scope.become(inner)


def _case(walk: Walker, node: Case, scope: Scope) -> None:
    inner = walk.redirected(node.redirects, scope)
    walk.inside(node.word.parts, inner)
    known = _subject(walk, node.word, inner) if walk.runner.file else None
    ways: list[Scope] = []
    through: Scope | None = None
    for item in node.items:
        for pattern in item.patterns:
            walk.inside(pattern.parts, inner)
        if known is not None and through is None and not any(_may_fit(one, known) for one in item.patterns):
            continue
        way = inner.copy()
        if through is not None:
            way.join(through)
        walk.sequence(item.body, way)
        through = way if item.then == b";&" else None
        ways.append(way)
    for way in ways:
        inner.join(way)
    scope.become(inner)


def _subject(walk: Walker, word: Node, scope: Scope) -> str | None:
    """What a `case` is about; None where only the run can tell."""
    words = literals(walk.expanded((word,), scope))
    return None if words is None or len(words) > 1 else words[0] if words else ""


def _may_fit(pattern: Node, known: str) -> bool:
    """Whether a text may fit a pattern: a plain one fits itself only, letters in whatever case."""
    if not all(isinstance(part, Text) and (part.quoted or _PLAIN(part.data)) for part in pattern.parts):
        return True
    fits = b"".join([part.data for part in pattern.parts if isinstance(part, Text)])
    return decode(fits).casefold() == known.casefold()


_PLAIN = re.compile(rb"[\w.,:@%/=-]*").fullmatch


def _test(walk: Walker, node: Test, scope: Scope) -> None:
    inner = walk.redirected(node.redirects, scope)
    for word in node.words:
        walk.inside(word.parts, inner)
        _evaluate(walk, word, inner)
    if len(node.words) == 1 or any(_compares(word) for word in node.words):
        walk.count(node.start, node.end, scope)


_NUMERIC = frozenset({b"-eq", b"-ne", b"-lt", b"-le", b"-gt", b"-ge"})


def _compares(word: Node) -> bool:
    """Whether a word of `[[ … ]]` compares numbers, so that those beside it are expressions."""
    return len(word.parts) == 1 and isinstance(word.parts[0], Text) and word.parts[0].data in _NUMERIC


def _evaluate(walk: Walker, word: Node, scope: Scope) -> None:
    """What is compared as a number is evaluated, subscripts too."""
    for part in word.parts:
        if isinstance(part, Text) and part.quoted:
            walk.runner.expand_text(decode(part.data), scope)


def _coproc(walk: Walker, node: Coproc, scope: Scope) -> None:
    walk.command(node.body, scope.fork(stdin=Input(None)))


def _as_value(word: Word) -> Word:
    """A word of a list as the value of its loop's variable."""
    return Word(
        tuple([replace(part, quoted=True, several=False) if isinstance(part, Unknown) else part for part in word.parts])
    )


COMPOUNDS: dict[type, Callable[..., None]] = {
    Subshell: _subshell,
    Group: _group,
    If: _if,
    While: _while,
    For: _for,
    Repeat: _repeat,
    Case: _case,
    Test: _test,
    Coproc: _coproc,
}
"""What walks each kind: called with the walker, the command and its shell."""
