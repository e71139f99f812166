"""Tree of a line's commands, as `safeshell check --explain -c` shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from safeshell.shell.walked import DIRECTORY
from safeshell.text import columns, printable


def draw(commands: Sequence[Mapping[str, Any]], unread: Mapping[str, str]) -> str:
    """The commands, those that one runs below it and further in, each with where it runs and what isn't known.

    Args:
        commands: of the object that `check --explain -c --json` prints.
        unread: likewise.
    """
    left = "".join([f"not read: {printable(file)}: {printable(why)}\n" for file, why in unread.items()])
    if not commands:
        return left
    order = _order(commands)
    rows = [
        (_decision(commands[at]), commands[at]["rule"] or "", "  " * depth + _told(commands[at])) for at, depth in order
    ]
    lines = columns(rows).splitlines()
    text = before = ""
    for line, (at, depth) in zip(lines, order, strict=True):
        where = _where(commands[at])
        notes = [*([where] if where != before else []), *_notes(commands[at])]
        text += f"{line}\n" + "".join([f"{'  ' * (depth + 2)}{printable(note)}\n" for note in notes])
        before = where
    return text + left


def _order(commands: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """The places of the commands as a tree has them, and how deep each is in it; without recursion."""
    below: dict[int | None, list[int]] = {}
    seen = set()
    for at, command in enumerate(commands):
        # A command is judged as it is written and as it is expanded; what it runs either way is shown once.
        key = (command["parent"], *command["place"], command["subject"], command["decision"], command["deferred"])
        if key not in seen:
            seen.add(key)
            below.setdefault(command["parent"], []).append(at)
    found = []
    waiting = [(at, 0) for at in reversed(below.get(None, ()))]
    while waiting:
        at, depth = waiting.pop()
        found.append((at, depth))
        waiting += [(inner, depth + 1) for inner in reversed(below.get(at, ()))]
    return found


def _told(command: Mapping[str, Any]) -> str:
    """The command, and where it stands if that is a file."""
    return printable(f"{command['file']}: {command['subject']}" if command["file"] else command["subject"])


def _decision(command: Mapping[str, Any]) -> str:
    return "deferred" if command["deferred"] else str(command["decision"])


def _where(command: Mapping[str, Any]) -> str:
    """Where it runs; said where that is another place than the command's before it."""
    place = "where only the run can tell" if command["directory"] is None else f"in {command['directory']}"
    looks = f"no shim looks: {command['unseen']}" if command["unseen"] else "a shim looks at what it comes to"
    return f"{place}, {looks}"


def _notes(command: Mapping[str, Any]) -> list[str]:
    """What isn't known of it."""
    could_be = [f"could be what rule {command['could_be']} is about"] if command["could_be"] else []
    unknown = [one for one in command["unknown"] if one["what"] != DIRECTORY]
    return [*could_be, *[f"{one['what']}: {one['why']}" for one in unknown]]
