"""YAML text to a tree that knows its places.

From the parser's events rather than its composed nodes, so that depth, aliases and duplicate keys are judged while the
tree grows: a hostile file ends at its first excess instead of filling memory or the C stack.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import Any, Final

import yaml
from yaml.resolver import Resolver

from safeshell_compiler.findings.report import FindingPlace, Report

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML was built without libyaml: slower, the same events
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

DEPTH = 160
"""Levels of YAML. Conditions 64 deep take two levels each (`any`, its list), and four stand above them."""

ALIASED_VALUES = 100_000
"""Values that all aliases of a file may stand for together: ten nested aliases can stand for billions."""

_RESOLVERS: Final[dict[str, list[tuple[str, re.Pattern[str]]]]] = Resolver.yaml_implicit_resolvers
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE_THEN_TAB = re.compile(r"[ ]*\t")
_KEPT_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map", "!")


_NO_KEYS: dict[str, tuple[int, int]] = {}


Location = Sequence[int | str]
"""Keys and indices from a node down, as pydantic gives them."""


class Odd:
    """A plain scalar that YAML reads as something no rule wants: nothing, a float, a date, a very large number.

    An object of its own rather than None, so that no model takes `commands:` with nothing after it for a default.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Node:
    """A value and its place.

    Attributes:
        value: text, int, bool, Odd, a list of nodes, or a mapping of keys to nodes.
        line, column: where it starts, from 0.
        end_line, end_column: where it ends, from 0, exclusive; scalars only.
        keys: a mapping's keys and where each stands, from 0.
        raw: a scalar's text where its value is not text, else "".
    """

    __slots__ = ("column", "end_column", "end_line", "keys", "line", "raw", "value")

    def __init__(self, value: Any, start: Any, end: Any) -> None:
        self.value = value
        self.line: int = start.line
        self.column: int = start.column
        self.end_line: int = end.line
        self.end_column: int = end.column
        self.keys = _NO_KEYS
        self.raw = ""

    def place(self, file: str) -> FindingPlace:
        """The place in this file."""
        return FindingPlace(file, self.line + 1, self.column + 1)


def plain(node: Node) -> Any:
    """The node's value without places, as pydantic takes it."""
    value = node.value
    if type(value) is dict:
        return {key: plain(child) for key, child in value.items()}
    if type(value) is list:
        return [plain(child) for child in value]
    return value


def locate(node: Node, location: Location) -> Node:
    """The node at a location, or the nearest one above it."""
    for step in location:
        value = node.value
        present = step in value if type(value) is dict else type(value) is list and step in range(len(value))
        if not present:
            break
        node = value[step]
    return node


def key_place(node: Node, key: str, file: str) -> FindingPlace:
    """Where a key of a mapping stands, or the mapping where the key isn't there."""
    if key not in node.keys:
        return node.place(file)
    line, column = node.keys[key]
    return FindingPlace(file, line + 1, column + 1)


class _StopError(Exception):
    """Nothing sensible can follow: the finding is reported."""


def parse(text: str, file: str, report: Report) -> Node | None:
    """The tree of a file's only document, or None with a finding."""
    try:
        return _Builder(text, file, report).build()
    except _StopError:
        return None
    except yaml.reader.ReaderError as error:
        place = _unprintable(text, file, error.position)
        shown = f"U+{error.character:04X}" if isinstance(error.character, int) else repr(error.character)
        report.add("SS119", place, character=f"the control character {shown}", remedy="remove it")
    except yaml.MarkedYAMLError as error:
        # The parser has a limit of its own on nesting, by its version, and reads a line ahead of what it tells of.
        before = error.problem_mark.index if error.problem_mark else 0
        excess = _first_excess(text[:before])
        if excess is None:
            _report_syntax(error, text, file, report)
        else:
            report.add("SS402", FindingPlace(file, excess.line + 1, excess.column + 1), limit=DEPTH)
    return None


def _first_excess(text: str) -> Any:
    """The mark of the first collection that is nested too deep, or None; the text may end in the middle of anything."""
    depth = 0
    with contextlib.suppress(yaml.YAMLError):
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > DEPTH:
                    return event.start_mark
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    return None


def _unprintable(text: str, file: str, position: int) -> FindingPlace:
    # libyaml counts bytes here, the pure reader characters: the first control character is the one either means.
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    lines = (text[: found.start() if found else position] + ".").splitlines()
    return FindingPlace(file, len(lines), len(lines[-1]))


def _report_syntax(error: yaml.MarkedYAMLError, text: str, file: str, report: Report) -> None:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    # The parser stumbles at the tab or at what the tab failed to indent, on the line it is on.
    tab = _SPACE_THEN_TAB.match(lines[line]) if line < len(lines) else None
    if tab:
        report.add("SS111", FindingPlace(file, line + 1, tab.end()))
        return
    problem = f"{error.problem} {error.context}" if error.context else str(error.problem)
    report.add("SS110", FindingPlace(file, line + 1, column + 1), problem=problem)


class _Builder:
    """Builds one file's tree from events; `_stack` holds the collections that are open."""

    def __init__(self, text: str, file: str, report: Report) -> None:
        self._loader = _Loader(text)
        self._file = file
        self._report = report
        self._anchors: dict[str, Node | None] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._resolved: dict[str, Any] = {}
        self._aliased = 0

    def build(self) -> Node:
        try:
            return self._document()
        finally:
            self._loader.dispose()

    def _document(self) -> Node:
        next_event = self._loader.get_event
        next_event()  # the stream's start
        event = next_event()
        if not isinstance(event, yaml.DocumentStartEvent):
            self._stop("SS109", FindingPlace(self._file))
        root = self._value(next_event(), 1)
        next_event()  # the document's end
        event = next_event()
        if isinstance(event, yaml.DocumentStartEvent):
            self._stop("SS113", self._place(event))
        if isinstance(root.value, Odd) and not root.raw:
            self._stop("SS109", FindingPlace(self._file))
        return root

    def _value(self, event: Any, depth: int) -> Node:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self._scalar(event)
        if kind is yaml.AliasEvent:
            return self._alias(event, depth)
        if depth > DEPTH:
            self._stop("SS402", self._place(event), limit=DEPTH)
        self._check_tag(event)
        anchor = event.anchor
        if anchor is not None:
            self._anchors[anchor] = None  # known, not complete: an alias to it from inside is an error
        node = self._mapping(event, depth) if kind is yaml.MappingStartEvent else self._sequence(event, depth)
        if anchor is not None:
            self._anchors[anchor] = node
            self._sizes.pop(anchor, None)
        return node

    def _sequence(self, start: Any, depth: int) -> Node:
        items = []
        event = self._loader.get_event()
        while type(event) is not yaml.SequenceEndEvent:
            items.append(self._value(event, depth + 1))
            event = self._loader.get_event()
        return Node(items, start.start_mark, event.end_mark)

    def _mapping(self, start: Any, depth: int) -> Node:
        get_event = self._loader.get_event
        children: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        event = get_event()
        while type(event) is not yaml.MappingEndEvent:
            key = self._value(event, depth + 1)
            place = self._place(event)
            child = self._value(get_event(), depth + 1)
            if type(key.value) is not str:
                self._report.add("SS115", place)
            elif key.value in children:
                self._report.add("SS112", place, key=key.value, first=keys[key.value][0] + 1)
            else:
                children[key.value] = child
                keys[key.value] = (place.line - 1, place.column - 1)
            event = get_event()
        node = Node(children, start.start_mark, event.end_mark)
        node.keys = keys
        return node

    def _scalar(self, event: Any) -> Node:
        text = event.value
        if event.tag is not None:
            self._check_tag(event)
            value: Any = text
        elif event.implicit[0]:
            value = self._resolve(text)
        else:
            value = text
        node = Node(value, event.start_mark, event.end_mark)
        if type(value) is not str:
            node.raw = text
        elif not text.isprintable():
            node.value = self._check_characters(text, event)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
            self._sizes.pop(event.anchor, None)
        return node

    def _check_characters(self, text: str, event: Any) -> str:
        """The text without what no argument, path or pattern can hold; that is reported."""
        if "\0" in text:
            remedy = "no argument, path or variable can hold it"
            self._report.add("SS119", self._place(event), character="NUL", remedy=remedy)
        # libyaml refuses these itself; the pure reader does not.
        if _SURROGATE.search(text):
            remedy = "write the character itself"
            self._report.add("SS119", self._place(event), character="half a surrogate pair", remedy=remedy)
        return _SURROGATE.sub("", text).replace("\0", "")

    def _resolve(self, text: str) -> Any:
        """What YAML 1.1 takes a plain scalar for; most are text, so the answer is kept by text."""
        try:
            return self._resolved[text]
        except KeyError:
            pass
        value: Any = text
        for tag, pattern in _RESOLVERS.get(text[0] if text else "", ()):
            if pattern.match(text):
                value = _typed(tag.rpartition(":")[2], text)
                break
        self._resolved[text] = value
        return value

    def _alias(self, event: Any, depth: int) -> Node:
        anchor = event.anchor
        if anchor not in self._anchors:
            self._stop("SS117", self._place(event), anchor=anchor)
        node = self._anchors[anchor]
        if node is None:
            self._stop("SS118", self._place(event), anchor=anchor)
        assert node is not None
        if anchor not in self._sizes:
            self._sizes[anchor] = _measure(node, {})
        size, height = self._sizes[anchor]
        self._aliased += size
        if self._aliased > ALIASED_VALUES:
            self._stop("SS403", self._place(event), limit=ALIASED_VALUES)
        if depth + height > DEPTH:
            self._stop("SS402", self._place(event), limit=DEPTH)
        return node

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None and event.tag not in _KEPT_TAGS:
            self._report.add("SS114", self._place(event), tag=event.tag.replace("tag:yaml.org,2002:", "!!"))

    def _place(self, event: Any) -> FindingPlace:
        return FindingPlace(self._file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _stop(self, code: str, place: FindingPlace, **values: Any) -> None:
        self._report.add(code, place, **values)
        raise _StopError


def _typed(kind: str, text: str) -> Any:
    if kind == "bool":
        return text.lower() in ("true", "yes", "on")
    if kind == "int" and text.isascii() and text.isdigit() and len(text) < 10 and (text == "0" or text[0] != "0"):
        return int(text)
    if kind == "merge":
        return text
    if kind == "null":
        return Odd("nothing")
    return Odd("a date" if kind == "timestamp" else "a number" if kind in ("int", "float") else "not text")


def _measure(node: Node, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """How many values a node stands for, and how many levels; shared nodes are measured once."""
    if id(node) in known:
        return known[id(node)]
    value = node.value
    children = value.values() if type(value) is dict else value if type(value) is list else ()
    size, height = 1, 0
    for child in children:
        child_size, child_height = _measure(child, known)
        size += child_size
        height = max(height, child_height + 1)
    known[id(node)] = (size, height)
    return size, height
