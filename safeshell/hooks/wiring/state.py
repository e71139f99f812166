"""State of an agent's hook in one file: wired as this installation would, otherwise, or not."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Literal, NamedTuple

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.hooks.wiring import codex_trust, program, settings_file
from safeshell.hooks.wiring.json_settings import Found
from safeshell.hooks.wiring.json_tree import as_read
from safeshell.hooks.wiring.notes import Notes
from safeshell.hooks.wiring.ours import programs
from safeshell.hooks.wiring.targets import Settings, Target, open_settings, targets

State = Literal["current", "old", "changed", "off", "untrusted", "gone", "broken", "none"]

MEANINGS: dict[str, str] = {
    "current": "wired",
    "old": "wired by another version or home: `safeshell hook install` renews it",
    "changed": "wired, and changed by somebody since: `safeshell hook install` writes it anew",
    "off": "wired, and the agent's settings turn all hooks off",
    "untrusted": "wired, but not trusted, so the agent leaves it out",
    "gone": "wired, but the hook program is gone: `safeshell hook install` makes it anew",
    "broken": "the settings can't be read",
    "none": "not wired",
}
"""What each state means, for people."""


class Wired(NamedTuple):
    """What was found in a file.

    Attributes:
        target: the file.
        state: see `MEANINGS`.
        called: the path of the hook program that it names, "" where none.
        entry: the entry as the file has it, None where there is none.
        reason: why a broken one can't be read.
    """

    target: Target
    state: State
    called: str = ""
    entry: Any = None
    reason: str = ""


def look(home: Home, notes: Notes, target: Target) -> Wired:
    """What a file has of ours."""
    try:
        settings = open_settings(target, settings_file.read(target.path))
    except SafeShellError as error:
        return Wired(target, "broken", reason=error.message)
    found = settings.ours()
    if not found:
        return Wired(target, "none")
    value = found[0].value
    called = next(iter(programs(value, target.agent.name)), "") or program.path(home)
    return Wired(target, _state(home, notes, target, settings, found, called), called, value)


def _state(home: Home, notes: Notes, target: Target, settings: Settings, found: list[Found], called: str) -> State:
    if _is_off(target, settings):
        return "off"
    if not program.is_there(called):
        return "gone"
    value, wanted = found[0].value, settings.wanted(program.path(home))
    if value != as_read(wanted) or found[0].handler is not None or len(found) > 1:
        note = notes.find(target.agent.name, target.path)
        return "changed" if note is None or value != as_read(note.entry) or len(found) > 1 else "old"
    if target.agent.asks_trust and not codex_trust.is_noted(target, found[0]):
        return "untrusted"
    return "current" if program.is_current(home) else "old"


def _is_off(target: Target, settings: Settings) -> bool:
    """Whether hooks are turned off: in the file itself, or in another of the same agent's."""
    values = [settings.value]
    for other in targets(target.agent, "user", None, os.environ) if len(target.agent.places) > 1 else ():
        with contextlib.suppress(SafeShellError):
            values.append(open_settings(other, settings_file.read(other.path)).value)
    return any(_at(value, keys) == off for value in values for keys, off in target.agent.off)


def _at(value: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
