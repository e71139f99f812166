"""An entry of ours in a TOML file that an agent's other settings share: put at its end, found, taken out.

The lines are ours to move, the values Python's `tomllib` to read: what comes of an edit has to say what the file said,
and the entry, or nothing is written.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from safeshell.hooks.wiring.agent import TomlEntry
from safeshell.hooks.wiring.json_settings import Found
from safeshell.hooks.wiring.json_tree import BrokenError
from safeshell.hooks.wiring.notes import Note
from safeshell.hooks.wiring.ours import command, filled, programs

_HEADING = re.compile(r"[ \t]*(\[\[?)(.*?)\]\]?[ \t]*(?:#.*)?")
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class _Section(NamedTuple):
    """A heading with what follows it: lines, from `start` up to `end`."""

    keys: tuple[str, ...]
    is_array: bool
    start: int
    end: int


class TomlSettings:
    """A text and what of it is ours; as `JsonSettings`.

    Raises:
        BrokenError: it is no TOML, or has something else where the entry belongs.
    """

    def __init__(self, text: str, wiring: TomlEntry, agent: str) -> None:
        self.text = text
        self._wiring = wiring
        self._agent = agent
        self.value = read(text)
        self._entries()

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing in it."""
        return not self.text.strip()

    def _entries(self) -> list[Any]:
        value: Any = self.value
        for key in self._wiring.keys:
            value = value.get(key, {}) if isinstance(value, dict) else None
        if value == {}:
            return []
        if not isinstance(value, list):
            raise BrokenError(0, f"{'.'.join(self._wiring.keys)} should be an array of tables")
        return value

    def ours(self, program: str | None = None) -> list[Found]:
        """The entries that call the hook program, one at that path where one is named."""
        found = []
        for index, value in enumerate(self._entries()):
            handlers = value.get(self._wiring.handlers, []) if isinstance(value, dict) else []
            mine = [at for at, one in enumerate(handlers) if self._is_ours(one, program)]
            if mine:
                found.append(Found(index, mine[0] if len(handlers) > 1 else None, _as_text(value)))
        return found

    def _is_ours(self, value: Any, program: str | None) -> bool:
        called = programs(value, self._agent)
        return bool(called) and (program is None or program in called)

    def wanted(self, program: str) -> Any:
        """The entry that calls the hook program at a path."""
        return filled(self._wiring.value, command(program, self._agent))

    def put(self, program: str, note: Note) -> None:
        """Puts the entry in, or in the place of an older one of ours; notes what else came with it."""
        wanted = note.entry = self.wanted(program)
        found = self.ours()
        if found and found[0].value == _as_text(wanted):
            return
        if found:
            self._put_in_place(found[0], wanted)
            return
        newline = _newline(self.text)
        if self.text and not self.text.endswith("\n"):
            note.blanks = [([], "")]  # there was no end of line
            self.text += newline
        elif self.is_bare and note.made is None:
            note.made = self.text
        separator = newline if self.text else ""
        self._become(self.text + separator + newline.join(self._lines(wanted)) + newline, self._append(wanted))

    def _append(self, wanted: Any) -> Callable[[Any], None]:
        def change(value: Any) -> None:
            for key in self._wiring.keys[:-1]:
                value = value.setdefault(key, {})
            value.setdefault(self._wiring.keys[-1], []).append(wanted)

        return change

    def _put_in_place(self, found: Found, wanted: Any) -> None:
        def change(value: Any) -> None:
            _follow(value, self._wiring.keys)[found.at] = wanted

        if found.handler is not None:
            raise BrokenError(0, "another's hook stands beside SafeShell's: move it to an entry of its own")
        start, end = self._span(found)
        lines = self.text.splitlines(keepends=True)
        newline = _newline(self.text)
        shown = [f"{line}{newline}" for line in self._lines(wanted)]
        self._become("".join([*lines[:start], *shown, *lines[end:]]), change)

    def take(self, program: str | None, note: Note | None) -> bool:
        """Takes out what calls the hook program; returns whether anything was taken out."""
        found = self.ours(program)
        was_last = False
        for one in reversed(found):
            was_last = self._take(one)
        if note is not None and found:
            if note.blanks and was_last and self.text.endswith("\n"):
                self.text = self.text.removesuffix("\n").removesuffix("\r")
            if note.made is not None and self.is_bare:
                self.text = note.made
        return bool(found)

    def _take(self, found: Found) -> bool:
        """Takes an entry out; returns whether nothing stood behind it."""

        def change(value: Any) -> None:
            if found.handler is None:
                del _follow(value, self._wiring.keys)[found.at]
            else:
                del _follow(value, self._wiring.keys)[found.at][self._wiring.handlers][found.handler]

        start, end = self._span(found)
        lines = self.text.splitlines(keepends=True)
        if start and not lines[start - 1].strip():
            start -= 1  # the blank line that came with it
        self._become("".join([*lines[:start], *lines[end:]]), change)
        return end == len(lines)

    def _span(self, found: Found) -> tuple[int, int]:
        """The lines of an entry, or of its handler that is ours; what is blank or a comment behind it is not its."""
        sections = _sections(self.text)
        keys = self._wiring.keys
        starts = [at for at, one in enumerate(sections) if one.is_array and one.keys == keys]
        if found.at >= len(starts):
            raise BrokenError(
                0, f"{'.'.join(keys)} is written in a way that takes a person: take SafeShell's entry out"
            )
        first = last = starts[found.at]
        while last + 1 < len(sections) and sections[last + 1].keys[: len(keys) + 1][: len(keys)] == keys:
            if sections[last + 1].keys == keys:
                break
            last += 1
        if found.handler is not None:
            inner = (*keys, self._wiring.handlers)
            first = [at for at in range(first, last + 1) if sections[at].keys == inner][found.handler]
            last = first
        lines, end = self.text.splitlines(), sections[last].end
        while end > sections[first].start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip()[:1] == "#"):
            end -= 1
        return sections[first].start, end

    def _lines(self, wanted: Mapping[str, Any]) -> list[str]:
        name = ".".join(self._wiring.keys)
        lines = [f"[[{name}]]", *_pairs(wanted, self._wiring.handlers)]
        for handler in wanted[self._wiring.handlers]:
            lines += ["", f"[[{name}.{self._wiring.handlers}]]", *_pairs(handler, "")]
        return lines

    def _become(self, text: str, change: Callable[[Any], None]) -> None:
        expected = copy.deepcopy(self.value)
        change(expected)
        try:
            value = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            value = None
        if value is None or _pruned(value, self._wiring.keys) != _pruned(expected, self._wiring.keys):
            raise BrokenError(0, f"{'.'.join(self._wiring.keys)} is written in a way that takes a person to edit")
        self.text, self.value = text, value


def read(text: str) -> dict[str, Any]:
    """What Python reads in a TOML text.

    Raises:
        BrokenError: it is none.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        where = _WHERE.search(message)
        at = len(text)
        if where and where[1]:
            lines = text.replace("\r\n", "\n").split("\n")  # as tomllib counts
            at = _position(text, int(where[1]), int(where[2]), lines)
        raise BrokenError(at, _WHERE.sub("", message).lower()) from error


def _position(text: str, line: int, column: int, lines: Sequence[str]) -> int:
    ends = 2 if "\r\n" in text else 1
    return sum(len(one) + ends for one in lines[: line - 1]) + column - 1


def _sections(text: str) -> list[_Section]:
    """The headings of a text. A line within a string may look like one: what comes of that, a comparison refuses."""
    found: list[_Section] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        heading = _HEADING.fullmatch(line)
        keys = _keys(heading[2]) if heading else None
        if heading and keys:
            if found:
                found[-1] = found[-1]._replace(end=number)
            found.append(_Section(keys, heading[1] == "[[", number, len(lines)))
    return found


def _keys(text: str) -> tuple[str, ...] | None:
    try:
        value: Any = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        return None
    keys = []
    while isinstance(value, dict):
        if len(value) != 1:
            return None
        [(key, value)] = value.items()
        keys.append(key)
    return tuple(keys)


def _pairs(table: Mapping[str, Any], but: str) -> list[str]:
    # JSON's strings, numbers and booleans are TOML's, too.
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items() if key != but]


def _pruned(value: Any, keys: Sequence[str]) -> Any:
    """A value without what is empty along keys: a heading makes a table, too."""
    if not keys or not isinstance(value, dict):
        return value
    inner = _pruned(value.get(keys[0], {}), keys[1:])
    return {key: one for key, one in {**value, keys[0]: inner}.items() if key != keys[0] or one}


def _follow(value: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        value = value[key]
    return value


def _as_text(value: Any) -> Any:
    """A value with numbers as their text, as JSON's are read."""
    return json.loads(json.dumps(value, default=str), parse_int=str, parse_float=str)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
