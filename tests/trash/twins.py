"""Runs the real rm and ours over two equal trees, and compares all that can be seen."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import termios
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, NoReturn

from harness import reap

from safeshell.trash.command import run

RM = "/bin/rm"

Build = Callable[[str], None]
"""Makes a tree in an empty directory."""


class Outcome(NamedTuple):
    """What a run could be seen to do."""

    status: int
    out: bytes
    err: bytes
    left: tuple[tuple[bytes, int, bytes], ...]


def snapshot(root: str) -> tuple[tuple[bytes, int, bytes], ...]:
    """A tree's names, modes and contents, in order."""
    found = []
    for directory, directories, files in os.walk(os.fsencode(root)):
        for name in directories + files:
            path = os.path.join(directory, name)
            status = os.lstat(path)
            content = b""
            if os.path.islink(path):
                content = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as stream:
                    content = stream.read()
            found.append((os.path.relpath(path, os.fsencode(root)), status.st_mode, content))
    return tuple(sorted(found))


@contextmanager
def two(build: Build, owner: int = 0, above: str = "/tmp") -> Iterator[tuple[str, str, str]]:
    """Two equal trees and a SafeShell home, an owner's or else one's own, in directories that anyone can enter."""
    top = tempfile.mkdtemp(prefix="ss", dir=above)
    os.chmod(top, 0o755)
    try:
        roots = [os.path.join(top, name) for name in ("a", "b")]
        for root in roots:
            os.mkdir(root)
            build(root)
        home = os.path.join(top, "h")
        os.mkdir(home, 0o700)
        if owner:
            os.chown(home, owner, owner)
        yield roots[0], roots[1], home
    finally:
        shutil.rmtree(top, ignore_errors=True)


def environment(home: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """A bare environment."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
        "SAFESHELL_HOME": home,
        "LC_ALL": "C.UTF-8",
        **(more or {}),
    }


class Caller(NamedTuple):
    """How both are run.

    Attributes:
        stdin: what they are given to read.
        env: what the environment has beside the usual.
        user: who they are.
        terminal: whether descriptors 0 to 2 are a terminal, on which `stdin` is typed and then ^D; what is said on it
            counts as standard output.
    """

    stdin: bytes = b""
    env: Mapping[str, str] = {}
    user: int = 0
    terminal: bool = False


PLAIN = Caller()


def run_rm(root: str, arguments: Sequence[bytes], caller: Caller = PLAIN) -> Outcome:
    """The real rm."""

    def become() -> int:
        os.execv(RM, [b"rm", *arguments])

    return _run(root, "/nonexistent", caller, become)


def run_ours(root: str, home: str, arguments: Sequence[bytes], caller: Caller = PLAIN) -> Outcome:
    """Ours, in a fork of this process: as good as the console script, and ten times as fast."""

    def call() -> int:
        return run(arguments)

    return _run(root, home, caller, call)


def _run(root: str, home: str, caller: Caller, program: Callable[[], int]) -> Outcome:
    if caller.terminal:
        status, out = _run_on_terminal(root, home, caller, program)
        return Outcome(status, out, b"", snapshot(root))
    return _run_on_files(root, home, caller, program)


def _run_on_files(root: str, home: str, caller: Caller, program: Callable[[], int]) -> Outcome:
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(caller.stdin)
        given.seek(0)
        pid = os.fork()
        if pid == 0:
            _become(root, home, caller, (given.fileno(), out.fileno(), err.fileno()), program)
        status = reap(pid)
        out.seek(0)
        err.seek(0)
        return Outcome(status, out.read(), err.read(), snapshot(root))


def _run_on_terminal(root: str, home: str, caller: Caller, program: Callable[[], int]) -> tuple[int, bytes]:
    master, slave = os.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[3] &= ~termios.ECHO
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    os.write(master, caller.stdin + b"\x04" * 100)
    pid = os.fork()
    if pid == 0:
        os.close(master)
        _become(root, home, caller, (slave, slave, slave), program)
    os.close(slave)
    said = b""
    with contextlib.suppress(OSError):  # EIO: nobody has the terminal any more
        while piece := os.read(master, 65536):
            said += piece
    os.close(master)
    return reap(pid), said


def _become(
    root: str, home: str, caller: Caller, descriptors: tuple[int, int, int], program: Callable[[], int]
) -> NoReturn:
    """The child's part; never returns."""
    try:
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        os.chdir(root)
        os.environ.clear()
        os.environ.update(environment(home, caller.env))
        if caller.user:
            os.setgroups([])
            os.setgid(caller.user)
            os.setuid(caller.user)
        os._exit(program())
    except BaseException:  # noqa: BLE001 # the parent compares what is said
        os.write(2, traceback.format_exc().encode())
        os._exit(70)
