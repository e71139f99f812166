"""JSON, with or without comments, as a tree that knows where everything stands: settings are edited in place.

Values are Python's `json` to read, which also checks this reader: `parse` holds the two against each other.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

DEPTH_MAX = 200
"""Containers in containers: no settings are so deep, and each takes a call."""

_SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_BLANK = re.compile(r"[ \t\r\n]*")
_COMMENT = re.compile(r"//[^\r\n]*|/\*.*?\*/", re.DOTALL)


class BrokenError(Exception):
    """A text that can't be edited.

    Attributes:
        at: where it is wrong, a position in the text.
        reason: one line.
    """

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at
        self.reason = reason


@dataclass(slots=True)
class Child:
    """A member of an object or an element of an array.

    Attributes:
        key: of a member; None in an array.
        start, end: from its key, or the value, to the value's end.
        node: its value.
        comma: where the comma behind it stands, or -1.
    """

    key: str | None
    start: int
    end: int
    node: Node
    comma: int = -1


@dataclass(slots=True)
class Node:
    """A value.

    Attributes:
        kind: "{", "[", or "" for anything else.
        start, end: of its text.
        children: of a container, as they stand.
        bare: whether there is nothing in the container, not even a comment.
    """

    kind: str
    start: int
    end: int = -1
    children: list[Child] = field(default_factory=list)
    bare: bool = True

    def member(self, key: str) -> Child | None:
        """The member of that name; of several the last one, which is the one that counts."""
        return next((child for child in reversed(self.children) if child.key == key), None)


class Document:
    """A text with its tree.

    Args:
        source: JSON without a byte order mark.
        comments: whether comments and trailing commas may be in it.

    Attributes:
        text: the same.
        root: its value.
        value: what Python reads in it; numbers as their text.

    Raises:
        BrokenError: it is not JSON.
    """

    def __init__(self, source: str, *, comments: bool) -> None:
        self.text = source
        self._comments = comments
        self._spans: list[tuple[int, int]] = []
        start = self._skip(0, None)
        self.root, end = self._value(start, 0)
        end = self._skip(end, None)
        if end != len(source):
            raise BrokenError(end, "something stands behind the document's end")
        self.value = _read(self._plain())

    def comment_before(self, at: int, since: int) -> int:
        """The end of the last comment between two positions; `since` where there is none."""
        return max((end for start, end in self._spans if since <= start and end <= at), default=since)

    def ends_by_newline(self, at: int) -> bool:
        """Whether a comment ends there that goes up to the end of its line."""
        return any(end == at and self.text.startswith("//", start) for start, end in self._spans)

    def _plain(self) -> str:
        """The text without comments and trailing commas, everything else where it was."""
        plain = list(self.text)
        for start, end in self._spans:
            plain[start:end] = " " * (end - start)
        for node in _containers(self.root):
            if node.children and node.children[-1].comma >= 0:
                plain[node.children[-1].comma] = " "
        return "".join(plain)

    def _skip(self, at: int, inside: Node | None) -> int:
        while True:
            at = _end(_BLANK, self.text, at)
            if not self.text.startswith(("//", "/*"), at):
                return at
            if not self._comments:
                raise BrokenError(at, "a comment, which this file can't have")
            found = _COMMENT.match(self.text, at)
            if not found:
                raise BrokenError(at, "a comment without an end")
            self._spans.append((at, found.end()))
            if inside is not None:
                inside.bare = False
            at = found.end()

    def _value(self, at: int, depth: int) -> tuple[Node, int]:
        if depth > DEPTH_MAX:
            raise BrokenError(at, f"nested over {DEPTH_MAX} deep")
        char = self.text[at : at + 1]
        if char in ("{", "["):
            node = Node(char, at)
            node.end = self._children(node, depth)
            return node, node.end
        found = (_STRING if char == '"' else _SCALAR).match(self.text, at)
        if not found:
            raise BrokenError(at, "a string without an end" if char == '"' else "expected a value")
        return Node("", at, found.end()), found.end()

    def _children(self, node: Node, depth: int) -> int:
        closing = "}" if node.kind == "{" else "]"
        at = self._skip(node.start + 1, node)
        while not self.text.startswith(closing, at):
            if node.children and node.children[-1].comma < 0:
                raise BrokenError(at, f"expected a comma or {closing}")
            child = self._child(node, at, depth)
            node.children.append(child)
            node.bare = False
            at = self._skip(child.end, node)
            if self.text.startswith(",", at):
                child.comma = at
                at = self._skip(at + 1, node)
        if node.children and node.children[-1].comma >= 0 and not self._comments:
            raise BrokenError(node.children[-1].comma, f"a comma before {closing}")
        return at + 1

    def _child(self, node: Node, at: int, depth: int) -> Child:
        start, key = at, None
        if node.kind == "{":
            found = _STRING.match(self.text, at)
            if not found:
                raise BrokenError(at, "expected a name in double quotes")
            key = json.loads(found[0])
            at = self._skip(found.end(), node)
            if not self.text.startswith(":", at):
                raise BrokenError(at, "expected a colon")
            at = self._skip(at + 1, node)
        value, end = self._value(at, depth + 1)
        return Child(key, start, end, value)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    assert found  # it matches nothing, too
    return found.end()


def _containers(node: Node) -> list[Node]:
    found = [node] if node.kind else []
    for child in node.children:
        found += _containers(child.node)
    return found


def _read(text: str) -> Any:
    """What Python reads; numbers as their text, which no rounding makes equal."""
    try:
        return json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        raise BrokenError(error.pos, error.msg.lower()) from error


def as_read(value: Any) -> Any:
    """A value as `Document.value` would have it."""
    return _read(json.dumps(value))
