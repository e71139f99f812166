"""Hooks wired into agents, and taken out again: all that is done to one file, noted before it is done."""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

from safeshell.home.paths import Home
from safeshell.hooks.wiring import codex_trust, program, settings_file
from safeshell.hooks.wiring.agent import WholeFile
from safeshell.hooks.wiring.json_tree import BrokenError
from safeshell.hooks.wiring.notes import Note, Notes
from safeshell.hooks.wiring.settings_file import SettingsFile
from safeshell.hooks.wiring.targets import Settings, Target, open_settings

_PRIVATE, _PUBLIC = 0o600, 0o666


class Change(NamedTuple):
    """What becomes of a file.

    Attributes:
        path: the file, as its agent names it.
        before: its bytes; None where there is none.
        after: what they become; None where it is removed.
    """

    path: str
    before: bytes | None
    after: bytes | None

    @property
    def is_any(self) -> bool:
        """Whether there is one."""
        return self.before != self.after


def put(home: Home, notes: Notes, target: Target, *, dry_run: bool = False) -> Change:
    """Wires the hook in: once however often it is called, an older entry of ours in its own place.

    Args:
        home: whose hook program the agent is to call.
        notes: of the home, held.
        target: the file.
        dry_run: write nothing.

    Raises:
        SafeShellError: the file is broken, can't be written, or was changed meanwhile.
    """
    file = settings_file.read(target.path)
    settings = open_settings(target, file)
    note = notes.find(target.agent.name, target.path) or Note(target.agent.name, target.scope, target.path)
    if file.data is None:
        note.made = "absent"
    try:
        settings.put(program.path(home), note)
    except BrokenError as error:
        raise file.broken(error, file.text()) from error
    change = Change(target.path, file.data, file.encode(settings.text))
    if not dry_run:
        if change.is_any:
            made = settings_file.make_directories(file.target)
            note.directories += [directory for directory in made if directory not in note.directories]
        notes.keep(note)  # first: what is noted and isn't there does no harm
        if change.after is not None and change.is_any:
            settings_file.replace(file, change.after, _mode(target))
    return change


def _mode(target: Target) -> int:
    if isinstance(target.place.wiring, WholeFile):
        mode = target.place.wiring.mode
        return mode if target.scope == "user" else mode | (0o055 if mode & 0o100 else 0o044)
    return _PRIVATE if target.scope == "user" else _PUBLIC


def take(home: Home, notes: Notes, target: Target, *, dry_run: bool = False) -> Change:
    """Takes the hook out, with what was put in for it and nobody uses.

    Args, Raises: as of `put`.
    """
    note = notes.find(target.agent.name, target.path)
    if note is not None and not dry_run:
        codex_trust.forget(note)  # first, for it may stand behind the entry in the same file
    file = settings_file.read(target.path)
    change = Change(target.path, file.data, file.data)
    if file.data is not None:
        settings = open_settings(target, file)
        try:
            settings.take(program.path(home), note)
        except BrokenError as error:
            raise file.broken(error, file.text()) from error
        change = change._replace(after=_left(file, settings, note))
    if dry_run:
        return change
    if change.before is not None and change.is_any:
        if change.after is None:
            settings_file.remove(file)
        else:
            settings_file.replace(file, change.after, _mode(target))
    if note is not None:
        notes.drop(note)
        if change.after is None:
            _remove_directories(note, notes)
    return change


def _left(file: SettingsFile, settings: Settings, note: Note | None) -> bytes | None:
    """What is left of a file: None where nothing of anybody else's is."""
    if settings.is_bare and note is not None and note.made is not None:
        return None if note.made == "absent" else file.encode(note.made)
    return file.encode(settings.text)


def _remove_directories(note: Note, notes: Notes) -> None:
    """Removes those that were made; one in which there is another file of ours goes with that."""
    for directory in reversed(note.directories):
        with contextlib.suppress(OSError):  # somebody else has put something there
            os.rmdir(directory)
            continue
        heir = next((one for one in notes.all() if one.path.startswith(f"{directory}/")), None)
        if heir is not None and directory not in heir.directories:
            heir.directories.insert(0, directory)
            notes.keep(heir)
