"""Search for the real program along the caller's PATH, past every shim."""

from __future__ import annotations

import os
import re
import stat
from typing import Protocol

SHIM_MARKER = b"SAFESHELL-SHIM-MARKER-1"
"""Every client carries these bytes, so a shim of any home and any version is known by its content, not by its path."""

DEFAULT_PATH = b"/bin:/usr/bin"
"""Where execvp looks without a PATH (confstr _CS_PATH)."""

_LOCATES_ITSELF = re.compile(
    rb"(?:[\w.+-]+-)?(?:cc|c\+\+|c89|c99|gcc|g\+\+|cpp|gfortran|gdc|gccgo|gnat|ld|ld\.bfd|ld\.gold|gdb)(?:-[\d.]+)?"
    rb"|(?:python|pypy)[\d.]*[a-z]?"
    rb"|[a-z]*(?:tex|latex)|kpse\w+|mktex\w+|bibtex8?|dvips|metafont|mf|mpost|emacs(?:-[\w.+-]+)?"
)
"""Programs that find their own files from where they are, and where they are by looking argv[0] up along PATH."""

_SHIM_SIZE_MAX = 256 << 10
_KNOWN_MAX = 1024


def named_by_path(name: bytes, path: bytes, arguments: bytes) -> bytes:
    """The arguments for a program that looks itself up along PATH, where it would find its shim: argv[0] is its path.

    So a virtual environment's Python finds its packages and gcc its compilers; both name themselves by their basename.

    Args:
        name: the basename it is run by.
        path: where it was found.
        arguments: argv, as a block.

    Returns:
        The arguments, as they were for every other program and where argv[0] is not the name itself.
    """
    if not arguments.startswith(name + b"\0") or not _LOCATES_ITSELF.fullmatch(name):
        return arguments
    return path + arguments[len(name) :]


class Recorder(Protocol):
    """Notes what a search read, each path as PATH spells it: a relative one where its element is relative."""

    def not_executable(self, path: bytes) -> None:
        """Nothing there may be executed."""

    def program(self, path: bytes, status: os.stat_result) -> None:
        """It may be executed, and is this file, which may be a shim or a directory."""


class Programs:
    """Finds programs; remembers by inode, size and times which files are shims: each shim is a file of its own."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], bool] = {}

    def find(
        self, name: bytes, path: bytes | None, directory: bytes, reads: Recorder | None = None
    ) -> tuple[bytes | None, bool]:
        """The program that the caller would have executed without shims.

        Args:
            name: a basename.
            path: the caller's PATH, None where it has none.
            directory: a prefix for the relative elements of PATH that leads to the caller's directory.
            reads: is told what was read up to the program.

        Returns:
            The path spelled as a lookup along PATH gives it (relative where the element is), or None; and whether a
            file of that name was there that the caller may not execute.
        """
        elements = (DEFAULT_PATH if path is None else path).split(b":")
        for element in elements:
            found = (element or b".") + b"/" + name
            probe = found if found[:1] == b"/" else directory + b"/" + found
            try:
                status = os.stat(probe) if os.access(probe, os.X_OK) else None  # the cheapest probe there is
            except OSError:
                status = None
            if reads is not None:
                if status is None:
                    reads.not_executable(found)
                else:
                    reads.program(found, status)
            if status is not None and stat.S_ISREG(status.st_mode) and not self.is_shim(probe, status):
                return found, False
        return None, any(_is_forbidden(os.path.join(directory, element or b".", name)) for element in elements)

    def is_shim(self, path: bytes, status: os.stat_result) -> bool:
        """Whether the file is a SafeShell client, of this home or another."""
        if status.st_size > _SHIM_SIZE_MAX:
            return False
        key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            known = self._known[key] = _has_marker(path)
        return known


def _is_forbidden(path: bytes) -> bool:
    """Whether a file is there that may not be executed; a shim, which may be, is not the program."""
    return os.path.isfile(path) and not os.access(path, os.X_OK)


def _has_marker(path: bytes) -> bool:
    try:
        with open(path, "rb") as stream:
            return SHIM_MARKER in stream.read(_SHIM_SIZE_MAX)
    except OSError:
        return False  # executable but unreadable (setuid programs): no client is installed so
