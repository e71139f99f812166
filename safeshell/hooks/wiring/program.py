"""The hook program that agents call: a copy in the home, for an installation may be moved or removed.

Where the program that an agent names is missing, most agents run the line all the same.
"""

from __future__ import annotations

import contextlib
import os

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.hooks.wiring.ours import PROGRAM
from safeshell.install.native import native_hook

MODE = 0o555
"""As a shim's."""


def path(home: Home) -> str:
    """Where a home's copy is."""
    return os.path.join(home.hooks, PROGRAM)


def sync(home: Home) -> bool:
    """Makes the copy this installation's program: a file of its own, in one step.

    Returns:
        Whether it was another, or none.

    Raises:
        SafeShellError: this installation has no hook program, or the copy can't be written.
    """
    built = native_hook()
    if built is None:
        raise SafeShellError(
            "this installation has no hook program: it is built at installation where there is a C compiler",
            hint="install one (gcc, libc6-dev) and SafeShell again",
        )
    if is_current(home):
        return False
    copy, aside = path(home), f"{path(home)}.new-{os.getpid()}"
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
    return True


def is_there(program: str) -> bool:
    """Whether a hook program can be run."""
    return os.path.isfile(program) and os.access(program, os.X_OK)


def is_current(home: Home) -> bool:
    """Whether the copy can be run and is this installation's program; where that has none, whatever is there is."""
    built = native_hook()
    if not is_there(path(home)):
        return False
    if built is None:
        return True
    with open(path(home), "rb") as ours, open(built, "rb") as theirs:
        return ours.read() == theirs.read()


def remove(home: Home) -> None:
    """Removes the copy, where there is one."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path(home))
