"""Programs that are installed along directories, looked for by a process of its own: a directory may never answer."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Self

from safeshell.host.path_lookup import Programs

ANSWER_S = 5.0
"""Seconds for a directory, each 200 names of it anew: a dead mount never answers, a cold disk takes a moment."""

HUNG_MAX = 3
"""Directories that are given up before the rest is: each has left a process that nothing can end."""

_NAMES = 200
_FOUND, _DONE = b"+", b"."


class Installed(NamedTuple):
    """What was found.

    Attributes:
        names: of the programs that were asked for.
        unread: the directories that did not answer.
        descriptors: of the directories that did, open; the caller's to close.
    """

    names: frozenset[str]
    unread: tuple[str, ...]
    descriptors: tuple[int, ...]


def installed(directories: Sequence[str], is_asked: Callable[[str], bool], *, hand_over: int = 0) -> Installed:
    """Looks for programs, shims left out.

    Args:
        directories: where.
        is_asked: whether a name is of interest.
        hand_over: how many of the directories are to be left open, for whoever wants to hear of changes.
    """
    names: set[str] = set()
    unread: list[str] = []
    descriptors: list[int] = []
    left = list(directories)
    while left and len(unread) < HUNG_MAX:
        with _Search(left, is_asked, hand_over - len(descriptors)) as search:
            while left:
                answer = search.answer()
                if answer is None:
                    unread.append(left.pop(0))
                    break
                found, opened, done = answer
                names |= found
                descriptors += opened
                if done:
                    left.pop(0)
    return Installed(frozenset(names), (*unread, *left), tuple(descriptors))


class _Search:
    """A process that looks through directories, one after the other."""

    def __init__(self, directories: Sequence[str], is_asked: Callable[[str], bool], hand_over: int) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(ANSWER_S)
        self._pid = os.fork()
        if self._pid == 0:
            try:
                self._socket.close()
                _search(theirs, directories, is_asked, hand_over)
            finally:
                os._exit(0)
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, os.WNOHANG)  # one that hangs in the kernel is not waited for

    def answer(self) -> tuple[set[str], list[int], bool] | None:
        """More of what is in the directory whose turn it is: names, descriptors, whether it is all; None: no answer."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self._socket, 1 << 17, 1)
        except OSError:  # a timeout is one
            return None
        if not message:
            return None
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        names = {os.fsdecode(name) for name in message[1:].split(b"\0") if name}
        return names, descriptors, message[:1] == _DONE


def _search(out: socket.socket, directories: Iterable[str], is_asked: Callable[[str], bool], hand_over: int) -> None:
    programs = Programs()
    for directory in directories:
        found: list[bytes] = []
        descriptor = -1
        with contextlib.suppress(OSError):
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    if is_asked(entry.name) and _is_program(directory, entry, descriptor, programs):
                        found.append(os.fsencode(entry.name))
                    if len(found) == _NAMES:
                        out.send(_FOUND + b"\0".join(found))
                        found = []
        handed = [descriptor] if descriptor >= 0 and hand_over > 0 else []
        socket.send_fds(out, [_DONE + b"\0".join(found)], handed)
        hand_over -= len(handed)
        if descriptor >= 0:
            os.close(descriptor)


def _is_program(directory: str, entry: os.DirEntry[str], descriptor: int, programs: Programs) -> bool:
    try:
        if not os.access(entry.name, os.X_OK, dir_fd=descriptor) or not entry.is_file():
            return False
        return not programs.is_shim(os.fsencode(os.path.join(directory, entry.name)), entry.stat())
    except OSError:
        return False
