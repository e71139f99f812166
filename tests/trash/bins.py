"""Putting things into the trash of a home, and looking at it."""

from __future__ import annotations

import os

from trash.twins import Outcome, run_ours

from safeshell.trash.locations import open_all
from safeshell.trash.mounts import IN_MEMORY, mount_id, mounts
from safeshell.trash.restoring import listed, parents_first, restore

ELSEWHERE = "/dev/shm"
"""A file system in memory, where there is one."""

DISK = "disk"
"""Stands for a directory for temporary files that is on no file system in memory: on many machines /tmp is on one."""


def on_disk() -> str | None:
    """Such a directory, or None."""
    kinds = {mount.id: mount.kind for mount in mounts()}
    for path in ("/tmp", "/var/tmp"):
        directory = os.open(path, os.O_RDONLY)
        kind = kinds.get(mount_id(directory))
        os.close(directory)
        if kind not in IN_MEMORY:
            return path
    return None


def trash(home: str, place: str, *arguments: str | bytes) -> Outcome:
    """Runs `safeshell-trash` in a directory."""
    return run_ours(place, home, [os.fsencode(argument) for argument in arguments])


def restore_all(home: str) -> list[bytes]:
    """Brings everything back; returns the paths."""
    with open_all(os.fsencode(home)) as trashes:
        return [restore(entry) for entry in parents_first(listed(trashes))]


def names(home: str) -> list[bytes]:
    """What the things in the trash are called, oldest first."""
    with open_all(os.fsencode(home)) as trashes:
        return [entry.name for entry in listed(trashes)]


def put(home: str, place: str, name: str, size: int = 0) -> Outcome:
    """Makes a file of so many bytes and puts it into the trash."""
    with open(os.path.join(place, name), "wb") as stream:
        stream.write(b"x" * size)
    return trash(home, place, name)
