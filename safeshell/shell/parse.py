"""Parser: tree-sitter-bash, and what has to be mended where it does not read what bash accepts."""

from __future__ import annotations

import re
import string
import time
from collections.abc import Iterator
from functools import lru_cache

import tree_sitter
import tree_sitter_bash

from safeshell.shell.limits import OverrunError
from safeshell.shell.quoting import encode

LINE_MAX = 1 << 20
"""Bytes of a line."""

NEST_MAX = 64
"""Shells, substitutions and groups in one another."""

TIME_MAX = 0.2
"""Seconds of processor time that one line may take."""

MENDS_MAX = 16
"""Times that a line is mended and parsed again."""


DOCUMENTS_MAX = 256
"""Here-documents in a line. The grammar's scanner is quadratic in them, and does not stop when asked."""


class Deadline:
    """The time that one line may take, counted in processor time so that a busy machine changes no decision."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float = TIME_MAX) -> None:
        self._end = time.thread_time() + seconds

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return time.thread_time() > self._end

    def check(self) -> None:
        """Raises once the time is over.

        Raises:
            OverrunError: it is.
        """
        if self.over:
            raise OverrunError("it takes more than 200 ms to read")


@lru_cache(maxsize=1)
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


class LineSource:
    """A shell text and its tree.

    Attributes:
        data: the text as bytes; bytes of the words are read from here.
        root: the tree. Its offsets fit `data`; where something was mended, its texts don't.
        lost: whether a here-document was left out to mend it.
    """

    __slots__ = ("data", "lost", "root")

    def __init__(self, text: str, deadline: Deadline) -> None:
        """Parses a text.

        Raises:
            OverrunError: it is too long or takes too long.
        """
        self.data = encode(text)
        self.lost = False
        if len(self.data) > LINE_MAX:
            raise OverrunError("it is longer than 1 MiB")
        mended = self.data
        for _ in range(MENDS_MAX):
            self.root = _parse(mended, deadline)
            better = _with_brace_words(mended, self.root, deadline)
            if better != mended:
                mended = better
                continue
            if not self.root.has_error:
                break
            better = self._mend(mended)
            if better == mended:
                break
            mended = better

    def _mend(self, data: bytes) -> bytes:
        """The same text with what the grammar lacks replaced by something as long that means the same to a reader."""
        for node in descendants(self.root):
            if node.type in ("<", "ERROR"):
                after = data[node.start_byte :]
                if after.startswith(b"<>"):
                    return _replace(data, node.start_byte, b"< ")
                if node.type == "ERROR" and after.startswith(b"<<<"):
                    return _replace(data, node.start_byte, b"  <")
            if node.type in (";&", ";;&") and _is_broken(node):
                return _replace(data, node.start_byte, b";; " if node.type == ";;&" else b";;")
            if node.type == "heredoc_redirect" and any(child.type == "ERROR" for child in node.children):
                better = self._without_second_document(data, node)
                if better is not None:
                    return better
            # A pattern like !(a|b) is taken for a word and a subshell, with an error or a missing `;` between.
            start = node.start_byte - (1 if node.is_missing else 0)
            if (node.type == "ERROR" or node.is_missing) and (found := _EXTENDED.match(data, max(start, 0))):
                close = _closing(data, found.end())
                if close is not None:
                    return _replace(data, start, b"*" * (close - start))
        return data

    def _without_second_document(self, data: bytes, node: tree_sitter.Node) -> bytes | None:
        """Leaves out the second of two here-documents that begin on one line."""
        ends = [child.end_byte for child in node.children if child.type == "heredoc_end"]
        wrong = next((child for child in node.children if child.type == "ERROR"), None)
        if not ends or wrong is None:
            return None
        found = _DOCUMENT.match(data, wrong.start_byte)
        if found is None:
            return None
        name = re.escape(found[2].replace(b"'", b"").replace(b'"', b"").replace(b"\\", b""))
        tabs = rb"\t*" if found[1] else b""
        end = re.compile(rb"^" + tabs + name + rb"$", re.MULTILINE).search(data, min(ends[0] + 1, len(data)))
        if end is None:
            return None
        self.lost = True
        body = re.sub(rb"[^\n]", b" ", data[ends[0] : end.end()])
        data = data[: ends[0]] + body + data[end.end() :]
        return _replace(data, found.start(), b" " * (found.end() - found.start()))


_DOCUMENT = re.compile(rb"<<(-?)[ \t]*((?:'[^'\n]*'|\"[^\"\n]*\"|\\.|[^\s;&|<>()'\"\\])+)")
_EXTENDED = re.compile(rb"[?*+@!]\(")


# A word that begins with a brace, up to what makes it an expansion; and `{name}>`, which names a descriptor.
_BRACE_WORD = re.compile(
    rb"""\{(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|`[^`]*`|\$\([^()]*\)|\$\{[^{}]*\}|[^\s;&|()<>'"`\\,}])*(?:,|\.\.|\})""",
    re.DOTALL,
)
_DESCRIPTOR = re.compile(rb"\{[A-Za-z_]\w*\}(?=[<>])")


def _with_brace_words(data: bytes, root: tree_sitter.Node, deadline: Deadline) -> bytes:
    """The same text where each brace that begins a command's word is a letter: the grammar takes it for a group's."""
    if b"{" not in data:
        return data
    for node in descendants(root):
        if node.type != "{" or node.parent is None or node.parent.type == "brace_expression":
            continue
        deadline.check()
        descriptor = _DESCRIPTOR.match(data, node.start_byte)
        if descriptor is not None:
            data = _replace(data, node.start_byte, b" " * len(descriptor[0]))
        elif _BRACE_WORD.match(data, node.start_byte):
            data = _replace(data, node.start_byte, b"_")
    return data


def _is_broken(node: tree_sitter.Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type != "ERROR":
        parent = parent.parent
    return parent is not None


def _closing(data: bytes, at: int) -> int | None:
    """Where the parenthesis that opened before `at` closes; None where quotes or a new line come in between."""
    depth = 1
    for index in range(at, len(data)):
        char = data[index : index + 1]
        if char in (b"'", b'"', b"\\", b"$", b"`", b"\n"):
            return None
        depth += (char == b"(") - (char == b")")
        if depth == 0:
            return index + 1
    return None


def _replace(data: bytes, at: int, text: bytes) -> bytes:
    return data[:at] + text + data[at + len(text) :]


_AS_LETTERS = bytes(byte if 0 < byte < 0x80 else string.ascii_letters.encode()[byte % 52] for byte in range(256))
"""The grammar's scanner asks C's isalnum about whole code points, which reads past its table and crashes, once in some
10,000 texts. To a shell what isn't ASCII is as any letter of a word, and the words are read from the bytes themselves.
Several letters, so that here-documents keep their ends apart."""


def _parse(data: bytes, deadline: Deadline) -> tree_sitter.Node:
    if data.count(b"<<") > DOCUMENTS_MAX:
        raise OverrunError(f"it has more than {DOCUMENTS_MAX} here-documents")
    # What takes too long is noticed afterwards; what never ends is ended by whoever waits for this process.
    tree = _parser().parse(data.translate(_AS_LETTERS))
    deadline.check()
    return tree.root_node


def descendants(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """The node and all below it, in order; without recursion, for trees are as deep as a line is long."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(found.children))
