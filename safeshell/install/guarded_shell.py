"""The guarded shell that agents are given: `safeshell-sh`, a copy in the home, and links to it named as shells.

A link runs the shell of its name, for agents that take no other name; `safeshell-sh` itself runs what SAFESHELL_SHELL
names, else the account's shell (`shims/shell`).
"""

from __future__ import annotations

import contextlib
import os

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.install import copies
from safeshell.install.native import native_shell
from safeshell.install.startup import write_files

PROGRAM = "safeshell-sh"

LINKS = ("bash", "zsh", "sh", "dash", "ksh", "fish")
"""The shells that there may be links for."""


def path(home: Home, name: str = PROGRAM) -> str:
    """Where a home's copy is, or a link to it."""
    return os.path.join(home.hooks, name)


def install(home: Home, name: str = PROGRAM) -> str:
    """Makes the copy this installation's program, with the start-up files that its shells read; returns its path.

    Args:
        home: whose.
        name: the program's own, or one of `LINKS`, whose link is made and returned.

    Raises:
        SafeShellError: this installation has no such program, or a file can't be written.
    """
    built, copy, wanted = native_shell(), path(home), path(home, name)
    if built is None:
        raise SafeShellError(
            f"this installation has no {PROGRAM}: it is built at installation where there is a C compiler",
            hint="install one (gcc, libc6-dev) and SafeShell again",
        )
    try:
        os.makedirs(home.hooks, mode=0o700, exist_ok=True)
    except OSError as error:
        raise SafeShellError(f"can't make {home.hooks}: {error.strerror}") from error
    if not copies.is_current(built, copy):
        copies.put(built, copy)
    write_files(home)
    if wanted != copy and not _is_link(wanted):
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(wanted)
            os.symlink(PROGRAM, wanted)
        except OSError as error:
            raise SafeShellError(f"can't link {wanted}: {error.strerror}") from error
    return wanted


def renew(home: Home) -> bool:
    """Makes the copy that is there this installation's; returns whether it was another's."""
    if not os.path.lexists(path(home)) or native_shell() is None or copies.is_current(native_shell(), path(home)):
        return False
    install(home)
    return True


def remove(home: Home) -> bool:
    """Removes the copy and the links to it; returns whether there was any."""
    found = [path(home, name) for name in LINKS if _is_link(path(home, name))]
    found += [path(home)] if os.path.lexists(path(home)) else []
    for each in found:
        os.unlink(each)
    with contextlib.suppress(OSError):  # the hook program is there, or notes are
        os.rmdir(home.hooks)
    return bool(found)


def _is_link(name: str) -> bool:
    return os.path.islink(name) and os.readlink(name) == PROGRAM
