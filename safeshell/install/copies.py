"""Copies of native programs in a home, for what others' settings name: an installation may be moved or removed."""

from __future__ import annotations

import contextlib
import os

from safeshell.errors import SafeShellError

MODE = 0o555
"""As a shim's."""


def put(built: str, copy: str) -> None:
    """Makes a copy this installation's program: a file of its own, in one step.

    Args:
        built: the program.
        copy: where to.

    Raises:
        SafeShellError: it can't be written.
    """
    aside = f"{copy}.new-{os.getpid()}"
    try:
        with open(built, "rb") as stream:
            data = stream.read()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o700)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(descriptor, MODE)
            os.fsync(descriptor)
        os.replace(aside, copy)
    except OSError as error:
        raise SafeShellError(f"can't write {copy}: {error.strerror}") from error


def is_there(program: str) -> bool:
    """Whether a program can be run."""
    return os.path.isfile(program) and os.access(program, os.X_OK)


def is_current(built: str | None, copy: str) -> bool:
    """Whether a copy can be run and is this installation's program; where that has none, whatever is there is."""
    if not is_there(copy):
        return False
    if built is None:
        return True
    with open(copy, "rb") as ours, open(built, "rb") as theirs:
        return ours.read() == theirs.read()
