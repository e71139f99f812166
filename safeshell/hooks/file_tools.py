"""File tools of agents as data: which files a tool's call writes and reads, by where its input names them."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from safeshell.policy.world import FileUse

PATHS_MAX = 4096
"""Files of one call; with more they count as not told."""

_PATCHED = re.compile(r"^\s*\*\*\* (?:Add File|Update File|Delete File|Move to):(.*)$", re.MULTILINE)
"""Lines of a patch as Codex has it that name a file. One in the text of a file only adds to them."""

_GLOB = re.compile(r"[*?\[{]")


class FileTool(NamedTuple):
    """What a tool does with the files that its input names.

    Each place is a key of the input, or `key[].key` of objects in a list: a path, or a list of paths. The input has
    something in one of them, or in several; where it has nothing the files are not told.

    Attributes:
        writes: where paths of files that are written stand.
        reads: of files that are read.
        patches: where patches as Codex has them stand.
        globs: whether a path may be a pattern.
    """

    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    globs: bool = False


def writes(*places: str) -> FileTool:
    """A tool that writes files."""
    return FileTool(writes=places)


def reads(*places: str, globs: bool = False) -> FileTool:
    """A tool that reads files."""
    return FileTool(reads=places, globs=globs)


def patches(*places: str) -> FileTool:
    """A tool that applies a patch."""
    return FileTool(patches=places)


FileTools = Mapping[str, FileTool]
"""By the tool's name in small letters."""


def files_of(tool: FileTool, given: Any) -> FileUse:
    """The files of a call.

    Args:
        tool: what is known of its tool.
        given: its input. A list or an object in it may stand there as the text of its JSON.
    """
    written, patched = _paths(given, tool.writes), _paths(given, tool.patches)
    read = _paths(given, tool.reads)
    if patched is not None:
        texts = [text for text in patched if isinstance(text, str)]
        named = [path.strip() for text in texts for path in _PATCHED.findall(text)]
        written = [*(written or ()), *named] if named else None
    if read is not None and tool.globs:
        read = [part for path in read for part in _spread(path)]
    untold = [
        use
        for use, found, any_place in (
            ("writes", written, bool(tool.writes or tool.patches)),
            ("reads", read, bool(tool.reads)),
        )
        if any_place and (not found or len(found) > PATHS_MAX or not all(map(_is_path, found)))
    ]
    told = [() if use in untold else tuple(found or ()) for use, found in (("writes", written), ("reads", read))]
    return FileUse(told[0], told[1], tuple(untold))


def files_of_line(line: str) -> FileUse | None:
    """The files of a patch that a shell line has in it for `apply_patch`, alone or behind `cd DIR &&`; else None."""
    before, name, patch = line.partition("apply_patch")
    if not name or not _PATCHED.search(patch):
        return None
    used = files_of(patches("patch"), {"patch": patch})
    if not before.strip() or all(path.startswith("/") for path in used.writes):
        return used
    found = _GONE_TO.fullmatch(before)
    try:
        words = shlex.split(found[1]) if found else []
    except ValueError:
        words = []
    if len(words) != 1 or "$" in words[0]:
        return FileUse(untold=("writes",))
    return used._replace(writes=tuple([posixpath.join(words[0], path) for path in used.writes]))


_GONE_TO = re.compile(r"\s*cd\s+(.+?)\s*&&\s*")


def _paths(given: Any, places: tuple[str, ...]) -> list[Any] | None:
    """What stands in these places; None where nothing does."""
    found: list[Any] = []
    for place in places:
        for value in map(_unfolded, _at(_unfolded(given), place)):
            found += value if isinstance(value, list) else [value]
    return found or None


def _at(given: Any, place: str) -> Iterator[Any]:
    key, _, inner = place.partition("[].")
    value = given.get(key) if isinstance(given, dict) else None
    if value is None:
        return
    if not inner:
        yield value
        return
    value = _unfolded(value)
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):  # some take a path or an object with one
            yield each
        else:
            yield from _at(each, inner)


def _unfolded(value: Any) -> Any:
    """The list or the object that a text is the JSON of; else the value."""
    if isinstance(value, str) and value.lstrip()[:2] in ('["', "[{", '{"'):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return found if isinstance(found, (list, dict)) else value
    return value


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and "\0" not in value


def _spread(path: Any) -> list[Any]:
    """A pattern of paths as itself, and as the directory in which it looks."""
    found = _GLOB.search(path) if isinstance(path, str) else None
    return [path] if found is None else [path, path[: path.rfind("/", 0, found.start()) + 1] or "."]
