"""The hook program that agents call: a copy in the home, for an installation may be moved or removed.

Where the program that an agent names is missing, most agents run the line all the same.
"""

from __future__ import annotations

import contextlib
import os

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.hooks.wiring.ours import PROGRAM
from safeshell.install import copies
from safeshell.install.copies import MODE, is_there
from safeshell.install.native import native_hook

__all__ = ["MODE", "is_current", "is_there", "path", "remove", "sync"]


def path(home: Home) -> str:
    """Where a home's copy is."""
    return os.path.join(home.hooks, PROGRAM)


def sync(home: Home) -> bool:
    """Makes the copy this installation's program.

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
    copies.put(built, path(home))
    return True


def is_current(home: Home) -> bool:
    """Whether the copy can be run and is this installation's program; where that has none, whatever is there is."""
    return copies.is_current(native_hook(), path(home))


def remove(home: Home) -> None:
    """Removes the copy, where there is one."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path(home))
