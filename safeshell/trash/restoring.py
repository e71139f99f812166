"""Restoring: things in the trash found, and brought back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from safeshell.errors import SafeShellError
from safeshell.trash.directory import Entry, TrashDirectory
from safeshell.trash.moving import move_here
from safeshell.trash.quoting import shown


def listed(trashes: Iterable[TrashDirectory]) -> list[Entry]:
    """All that is in some trash directories, oldest first."""
    return sorted((entry for trash in trashes for entry in trash.entries()), key=lambda entry: entry.record.time_ns)


def find(entries: Sequence[Entry], wanted: bytes) -> Entry:
    """The thing that a user means: by its name in the trash, else the last one that was at this path.

    Raises:
        SafeShellError: there is none, or several have this name.
    """
    named = [entry for entry in entries if entry.name == wanted]
    if len(named) > 1:
        paths = ", ".join(shown(entry.path) for entry in named)
        raise SafeShellError(f"{shown(wanted)} is in several trash directories: {paths}", hint="name it by its path")
    path = os.path.abspath(wanted)
    there = named or [entry for entry in entries if entry.path == path]
    if not there:
        raise SafeShellError(f"there is no {shown(wanted)} in the trash", hint="see `safeshell trash list`")
    return there[-1]


def parents_first(entries: Iterable[Entry]) -> list[Entry]:
    """An order in which a directory comes before what was in it, and of equal paths the newest first."""
    return sorted(entries, key=lambda entry: (entry.path, -entry.record.time_ns))


def restore(entry: Entry, to: bytes | None = None) -> bytes:
    """Brings a thing back, making the directories it was in where they are gone; never over what is there.

    Args:
        entry: what.
        to: another directory than the one it was in.

    Returns:
        Its path.

    Raises:
        SafeShellError: something is there already, or it can't be moved; it stays in the trash.
    """
    if not (entry.path or to):
        raise SafeShellError(
            f"the trash does not know where {shown(entry.name)} was", hint="say where to, with --to DIR"
        )
    name = os.path.basename(entry.path) or entry.name
    directory = os.path.abspath(to) if to else os.path.dirname(entry.path)
    path = os.path.join(directory, name)
    try:
        os.makedirs(directory, exist_ok=True)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            move_here(entry.trash.files, entry.name, descriptor, name)
        finally:
            os.close(descriptor)
    except FileExistsError as error:
        raise SafeShellError(f"can't restore {shown(path)}: it exists", hint="give another place, --to DIR") from error
    except OSError as error:
        raise SafeShellError(f"can't restore {shown(path)}: {error.strerror}") from error
    with entry.trash.locked():
        entry.trash.forget(entry.name)
    return path
