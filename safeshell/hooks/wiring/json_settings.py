"""An entry of ours in a JSON file that an agent's other settings share: found, put in, taken out.

Each edit is of the text; the same is done to the values that Python reads, and the text that comes of it has to say
just that.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from safeshell.hooks.wiring import json_edit
from safeshell.hooks.wiring.agent import JsonEntry
from safeshell.hooks.wiring.json_tree import BrokenError, Child, Document, Node, as_read
from safeshell.hooks.wiring.notes import Note
from safeshell.hooks.wiring.ours import command, filled, programs


class Found(NamedTuple):
    """An entry of ours.

    Attributes:
        at: where among its container's children.
        handler: where among the entry's handlers, where others' are beside ours; else None.
        value: the entry, numbers as their text.
    """

    at: int
    handler: int | None
    value: Any


class JsonSettings:
    """A text and what of it is ours.

    Args:
        text: all of it, without a byte order mark.
        wiring: where the entry belongs.
        agent: the agent's name.

    Attributes:
        text: as it is after the edits so far.

    Raises:
        BrokenError: it is no JSON, or has something else where the entry belongs.
    """

    def __init__(self, text: str, wiring: JsonEntry, agent: str) -> None:
        self.text = text
        self._wiring = wiring
        self._agent = agent
        self._path = wiring.keys[:-1] if wiring.is_member else wiring.keys
        self.is_empty = not text.strip(" \t\r\n")
        if not self.is_empty:
            self._read()

    @property
    def value(self) -> Any:
        """What Python reads in the text."""
        return None if self.is_empty else self._document.value

    def _read(self) -> None:
        self._document = Document(self.text, comments=self._wiring.comments)
        for key in (*self._wiring.frame, self._wiring.keys[-1] if self._wiring.is_member else ""):
            self._member(self._document.root, key)
        self._container = self._look(self._path)

    def _look(self, path: Sequence[str]) -> Node | None:
        """The container that keys lead to; None where there is none."""
        node, kinds = self._document.root, ["{"] * len(path) + ["{" if self._wiring.is_member else "["]
        for depth, kind in enumerate(kinds):
            if node.kind != kind and depth <= len(path):
                named = ".".join(path[:depth]) or "the document"
                raise BrokenError(node.start, f"{named} should be {'an object' if kind == '{' else 'an array'}")
            if depth < len(path):
                child = self._member(node, path[depth])
                if child is None:
                    return None
                node = child.node
        return node

    @staticmethod
    def _member(node: Node, key: str) -> Child | None:
        """A member; one that is there twice is for its agent's reader to choose, and not for an edit."""
        named = [child for child in node.children if child.key == key]
        if len(named) > 1:
            raise BrokenError(named[1].start, f"{key} is there twice")
        return named[0] if named else None

    def ours(self, program: str | None = None) -> list[Found]:
        """The entries that call the hook program, one at that path where one is named."""
        if self.is_empty or self._container is None:
            return []
        container, found = _follow(self._document.value, self._path), []
        for index, child in enumerate(self._container.children):
            if self._wiring.is_member and child is not self._container.member(self._wiring.keys[-1]):
                continue
            value = container[self._wiring.keys[-1] if self._wiring.is_member else index]
            if self._is_ours(value, program):
                found.append(Found(index, self._shared(value, program), value))
        return found

    def _is_ours(self, value: Any, program: str | None) -> bool:
        called = programs(value, self._agent)
        return bool(called) and (program is None or program in called)

    def _shared(self, value: Any, program: str | None) -> int | None:
        handlers = value.get(self._wiring.handlers) if isinstance(value, dict) and self._wiring.handlers else None
        if not isinstance(handlers, list) or len(handlers) < 2:
            return None
        return next((at for at, one in enumerate(handlers) if self._is_ours(one, program)), None)

    def wanted(self, program: str) -> Any:
        """The entry that calls the hook program at a path."""
        return filled(self._wiring.value, command(program, self._agent))

    def put(self, program: str, note: Note) -> None:
        """Puts the entry in, or in the place of an older one of ours; notes what else came with it."""
        wanted = self.wanted(program)
        note.entry = wanted
        if self.is_empty:
            note.made = self.text if note.made is None else note.made
            note.created = [list(self._path[:depth]) for depth in range(1, len(self._path) + 1)]
            note.frame, note.beside = list(self._wiring.frame), []
            self.text, self.is_empty = json_edit.fresh(self._nested(dict(self._wiring.frame), 0, wanted)), False
            self._read()
            return
        found = self.ours()
        for extra in reversed(found[1:]):
            self._take(extra)
        if found and found[0].handler is None:
            if found[0].value != as_read(wanted):
                self._put_in_place(found[0], wanted)
            return
        if found:  # others' handlers are in the entry, and what holds for ours need not hold for them
            self._take(found[0])
        self._put_frame(note)
        self._put_last(wanted, note)

    def _put_in_place(self, found: Found, wanted: Any) -> None:
        assert self._container is not None

        def change(container: Any) -> None:
            container[self._wiring.keys[-1] if self._wiring.is_member else found.at] = wanted

        node = self._container.children[found.at].node
        self._become(json_edit.replace(self._document, node, wanted), self._path, change)

    def _put_frame(self, note: Note) -> None:
        for key, value in self._wiring.frame.items():
            if key not in self._document.value:
                self._note_blanks(note, (), self._document.root)
                note.beside = note.beside if note.frame else self._outline(note)
                note.frame.append(key)
                self._insert((), key, value)

    def _put_last(self, wanted: Any, note: Note) -> None:
        path, node = self._existing()
        self._note_blanks(note, path, node)
        keys = self._wiring.keys
        if len(path) == len(keys):
            self._insert(path, None, wanted)
            return
        made = [list(keys[:depth]) for depth in range(len(path) + 1, len(self._path) + 1)]
        note.created += [one for one in made if one not in note.created]
        self._insert(path, keys[len(path)], self._nested({}, len(path), wanted)[keys[len(path)]])

    def _existing(self) -> tuple[tuple[str, ...], Node]:
        """The innermost container of the entry's that is there."""
        node, depth = self._document.root, 0
        while depth < len(self._path) and (child := node.member(self._path[depth])) is not None:
            node, depth = child.node, depth + 1
        return self._path[:depth], node

    def _nested(self, outer: dict[str, Any], depth: int, wanted: Any) -> dict[str, Any]:
        """The entry in the containers from a depth on."""
        keys = self._wiring.keys[depth:]
        value = wanted if self._wiring.is_member else [wanted]
        for key in reversed(keys[1:]):
            value = {key: value}
        return {**outer, keys[0]: value}

    def _note_blanks(self, note: Note, path: Sequence[str], node: Node) -> None:
        if node.bare:
            note.blanks = [one for one in note.blanks if one[0] != list(path)]
            note.blanks.append((list(path), json_edit.inside(self._document, node)))

    def _insert(self, path: Sequence[str], key: str | None, value: Any) -> None:
        node = self._document.root
        for name in path:
            child = node.member(name)
            assert child is not None
            node = child.node

        def change(container: Any) -> None:
            if key is None:
                container.append(value)
            else:
                container[key] = value

        self._become(json_edit.insert(self._document, node, key, value), path, change)

    def take(self, program: str | None, note: Note | None) -> bool:
        """Takes out what calls the hook program, and what was put in with it if nobody uses it meanwhile.

        Returns:
            Whether anything was taken out.
        """
        found = self.ours(program)
        for one in reversed(found):
            self._take(one)
        if note is not None:
            self._take_created(note)
            self._take_frame(note)
            self._refill(note)
        return bool(found)

    def _take(self, found: Found) -> None:
        assert self._container is not None
        if found.handler is None:
            self._remove(self._path, found.at, self._wiring.keys[-1] if self._wiring.is_member else found.at)
            return
        handlers = self._container.children[found.at].node.member(self._wiring.handlers)
        assert handlers is not None

        def change(container: Any) -> None:
            del container[found.at][self._wiring.handlers][found.handler]

        self._become(json_edit.remove(self._document, handlers.node, found.handler), self._path, change)

    def _take_created(self, note: Note) -> None:
        for keys in reversed(note.created):
            node = self._parent(keys)
            child = node.member(keys[-1]) if node is not None else None
            if node is None or child is None or not child.node.bare:
                return
            self._remove(keys[:-1], node.children.index(child), keys[-1])

    def _take_frame(self, note: Note) -> None:
        """What settings that came later may need stays as long as they do."""
        needed = not set(self._outline(note)).issubset(note.beside)
        for key in reversed([] if needed else note.frame):
            child = self._document.root.member(key)
            if child is not None and self._document.value[key] == as_read(self._wiring.frame[key]):
                self._remove((), self._document.root.children.index(child), key)

    def _outline(self, note: Note) -> list[str]:
        """The names of what is in the document, and a level below."""
        members = {key: value for key, value in self._document.value.items() if key not in note.frame}
        below = [f"{key}.{inner}" for key, value in members.items() if isinstance(value, dict) for inner in value]
        return [*members, *below]

    def _refill(self, note: Note) -> None:
        for keys, blanks in note.blanks:
            parent = self._parent(keys) if keys else None
            child = parent.member(keys[-1]) if parent is not None else None
            node = child.node if child is not None else None if keys else self._document.root
            if node is not None and node.kind and node.bare:
                self._become(json_edit.refill(self._document, node, blanks), (), lambda _: None)

    @property
    def is_bare(self) -> bool:
        """Whether the document has nothing in it."""
        return self.is_empty or self._document.root.bare

    def _parent(self, keys: Sequence[str]) -> Node | None:
        node = self._document.root
        for key in keys[:-1]:
            child = node.member(key)
            if child is None:
                return None
            node = child.node
        return node

    def _remove(self, path: Sequence[str], index: int, key: str | int) -> None:
        node = self._parent([*path, ""])
        assert node is not None

        def change(container: Any) -> None:
            del container[key]

        self._become(json_edit.remove(self._document, node, index), path, change)

    def _become(self, text: str, path: Sequence[str], change: Callable[[Any], None]) -> None:
        """Takes a text for the document's, which has to say what the document says with a change to one container."""
        expected = copy.deepcopy(self._document.value)
        change(_follow(expected, path))
        self.text = text
        self._read()
        assert self._document.value == as_read(expected), "an edit changed what it was not to"


def _follow(value: Any, path: Sequence[str]) -> Any:
    for key in path:
        value = value[key]
    return value
