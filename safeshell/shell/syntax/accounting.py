"""Accounting: whether a tree has all of its text, so that no word of a command was lost on the way.

This looks at the tree alone and knows nothing of how it was made.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from safeshell.shell.syntax.documents import end_of_delimiter
from safeshell.shell.syntax.tree import (
    AndOr,
    Arithmetic,
    Array,
    Assignment,
    Case,
    Coproc,
    Dialect,
    For,
    Function,
    Group,
    If,
    Parameter,
    Part,
    Pipeline,
    Redirect,
    Repeat,
    Script,
    Sequence,
    Simple,
    Subshell,
    Substitution,
    Test,
    Text,
    While,
    Word,
)

Span = tuple[int, int]

_JOIN = rb"(?:\\\n)*"
_RESERVED = b"|".join(
    [
        _JOIN.join([word[at : at + 1] for at in range(len(word))])
        for word in (
            b"if then elif else fi for foreach select in while until do done repeat case esac end function coproc"
            b" always"
        ).split()
    ]
)
_GAP = re.compile(
    rb"(?:[ \t\n]+|\\\n|\#[^\n]*|[;&|(){}!]|\]\]|\[\[|"
    + _JOIN.join((b"t", b"i", b"m", b"e"))
    + rb"(?:(?:[ \t]|\\\n)+(?:-p|--))*(?![^ \t\n;&|<>()\\])|(?:"
    + _RESERVED
    + rb")(?![^ \t\n;&|<>(){}\\])|\\\Z)*"
)
_NO_COMMANDS = {
    dialect: frozenset(words.split())
    for dialect, words in {
        Dialect.SH: b"{ } if then elif else fi for while until do done case esac in !",
        Dialect.BASH: b"{ } if then elif else fi for while until do done case esac in ! select function coproc [[ ]]",
        Dialect.ZSH: b"{ } if then elif else fi for while until do done case esac ! select function coproc [[ repeat"
        b" foreach end",
    }.items()
}
_OPENING = 2
"""Bytes of `$(`."""

_KEYWORD = re.compile(rb"(?:[a-z]|\\\n)+(?:[ \t]|\\\n)+")


def unaccounted(script: Script) -> list[Span]:
    """Spans of a text that are neither in its tree nor blank, an operator, a reserved word or a comment.

    A command that is named by a reserved word is one, too. What stands behind an error is none: `broken` says it.
    """
    ledger = _Ledger(script)
    ledger.take()
    return ledger.close()


class _Ledger:
    """What of a text was found in its tree so far.

    Attributes:
        spans: what was found.
        wrong: what has no place there.
        waiting: nodes to be looked at; a stack, for trees are as deep as a text makes them.
    """

    __slots__ = ("data", "end", "reserved", "spans", "waiting", "wrong")

    def __init__(self, script: Script) -> None:
        self.data = script.data
        self.end = script.broken.start if script.broken else len(script.data)
        self.reserved = _NO_COMMANDS[script.dialect]
        self.spans: list[Span] = []
        self.wrong: list[Span] = []
        self.waiting: list[Any] = [script.body]

    def take(self) -> None:
        """Takes all nodes."""
        waiting = self.waiting
        while waiting:
            node = waiting.pop()
            _TAKERS[type(node)](self, node)

    def close(self) -> list[Span]:
        """What is missing or wrong."""
        data, end = self.data, self.end
        self.spans.sort()
        self.spans.append((end, end))
        at = 0
        for start, stop in self.spans:
            if at < start <= end and not (start == at + 1 and data[at] == 0x20):
                found = _GAP.match(data, at, start)
                reached = found.end() if found else at
                if reached < start:
                    self.wrong.append((reached, start))
            at = max(at, stop)
        return sorted(self.wrong)

    def simple(self, node: Simple) -> None:
        self.waiting += node.assignments
        for word in node.words:
            if isinstance(word, Word) and len(word.parts) == 1 and isinstance(word.parts[0], Text):
                self.spans.append((word.start, word.end))  # most, and there is nothing in them
            else:
                self.waiting.append(word)
        self.waiting += node.redirects
        first = node.words[0] if node.words else None
        if isinstance(first, Word) and first.start == node.start and len(first.parts) == 1:
            part = first.parts[0]
            if isinstance(part, Text) and not part.quoted and part.data in self.reserved:
                self.wrong.append((first.start, first.end))

    def word(self, node: Word) -> None:
        at = node.start
        for part in node.parts:
            if not isinstance(part, Text):
                at = self.part(part, at)
        self.spans.append((at, max(at, node.end)))

    def part(self, part: Part, at: int) -> int:
        """Takes the commands in a part; returns where what stands behind the last of them begins."""
        if isinstance(part, Substitution):
            return self.substitution(part, at)
        inside = part.inside if isinstance(part, Arithmetic) else part.argument if isinstance(part, Parameter) else None
        if inside is not None:
            for one in inside.parts:
                if not isinstance(one, Text):
                    at = self.part(one, at)
        return at

    def substitution(self, part: Substitution, at: int) -> int:
        script = part.script
        if script.data is not self.data:
            if unaccounted(script):
                self.wrong.append((part.start, part.end))
            return at
        if part.end - part.start <= _OPENING:
            return at  # of a document: what could be read of it, for what stands behind may run as well
        self.spans.append((at, script.body.start))
        self.waiting.append(script.body)
        return script.broken.start if script.broken else script.body.end

    def redirect(self, node: Redirect) -> None:
        self.spans.append((node.start, node.target.start))
        self.word(node.target)
        if node.document is not None:
            self.word(node.document)
            if not node.unfinished:
                self.spans.append((node.document.end, end_of_delimiter(node, self.data)))

    def assignment(self, node: Assignment) -> None:
        at = node.start
        if node.subscript is not None:
            self.spans.append((at, node.subscript.start))
            self.word(node.subscript)
            at = node.subscript.end
        self.spans.append((at, node.value.start))
        self.waiting.append(node.value)

    def array(self, node: Array) -> None:
        self.spans += ((node.start, node.start + 1), (node.end - 1, node.end))
        self.waiting += node.words

    def loop(self, node: For) -> None:
        self.waiting += (*(node.words or ()), node.body, *node.redirects)
        self.names(node.names, node.start)

    def coproc(self, node: Coproc) -> None:
        self.waiting.append(node.body)
        self.names((node.name,), node.start)

    def names(self, names: tuple[bytes, ...], start: int) -> None:
        """Takes names behind a keyword."""
        found = _KEYWORD.match(self.data, start)
        at = found.end() if found else start
        for name in names:
            letters = [re.escape(name[index : index + 1]) for index in range(len(name))]
            written = re.compile(rb"(?:[ \t]|\\\n)*" + rb"(?:\\\n)*".join(letters)).match(self.data, at)
            if written:
                self.spans.append(written.span())
                at = written.end()

    def branches(self, node: If) -> None:
        for arm in node.arms:
            self.waiting += arm
        self.waiting += node.redirects
        if node.otherwise is not None:
            self.waiting.append(node.otherwise)

    def case(self, node: Case) -> None:
        self.waiting += (node.word, *node.redirects)
        for item in node.items:
            self.waiting += (*item.patterns, item.body)


def _children(*names: str) -> Callable[[_Ledger, Any], None]:
    """What has nodes, and nothing else but reserved words and operators."""

    def take(ledger: _Ledger, node: Any) -> None:
        for name in names:
            child = getattr(node, name)
            if isinstance(child, tuple):
                ledger.waiting += child
            elif child is not None:
                ledger.waiting.append(child)

    return take


_TAKERS: dict[type, Callable[[_Ledger, Any], None]] = {
    Simple: _Ledger.simple,
    Word: _Ledger.word,
    Redirect: _Ledger.redirect,
    Assignment: _Ledger.assignment,
    Array: _Ledger.array,
    For: _Ledger.loop,
    Coproc: _Ledger.coproc,
    If: _Ledger.branches,
    Case: _Ledger.case,
    Sequence: _children("items"),
    AndOr: _children("pipelines"),
    Pipeline: _children("commands"),
    Subshell: _children("body", "redirects"),
    Group: _children("body", "always", "redirects"),
    While: _children("condition", "body", "redirects"),
    Repeat: _children("head", "body", "redirects"),
    Test: _children("words", "redirects"),
    Function: _children("names", "body", "words", "redirects"),
}
