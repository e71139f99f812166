"""Sandbox in which real shells run lines: what the canary did there is all that comes out of it.

A line runs as a user who has nothing, in a directory of its own, without a network, within limits, its input empty and
its output nowhere. The canary is a script that writes its words into a file; a second one, in a directory that stands
first on the PATH of a caller behind shims, writes that a shim was asked.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Self

from lines.grammar import CANARY, FIRE, Line
from lines.standins import scripts
from needs import found

SYSTEM = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
UIDS = range(40_000, 60_000)
"""Users of nobody's: each process that runs lines is one, for how many a user has is limited."""

LIMIT_S = 10.0
"""What a line may take by the clock. Nothing in one waits; on a busy machine a dozen processes take a second."""

PROGRAMS = {"bash": "bash", "sh": "dash", "zsh": "zsh"}
"""The program that is each shell."""

_FILES = {
    "script": f"{CANARY} {FIRE}\n",
    "words": f"{FIRE}\n",
    "a.txt": "x\ny\n",
    ".profile": 'PATH="$HOME/bin:$PATH"\n',
    ".zprofile": 'PATH="$HOME/bin:$PATH"\n',
}
_REQUEST = struct.Struct("!dII")
_BATCH = 25


class Ran(NamedTuple):
    """What came of a line.

    Attributes:
        real: the words of each canary that ran, joined by blanks.
        shim: the same of each that a shim was asked for.
        in_time: whether all had ended by itself.
    """

    real: tuple[str, ...]
    shim: tuple[str, ...]
    in_time: bool

    def fired(self, word: str = FIRE) -> bool:
        """Whether a canary ran with this word, or would have."""
        return any(word in words for words in (*self.real, *self.shim))

    def past_shims(self, word: str = FIRE) -> bool:
        """Whether one ran with it that no shim was asked for."""
        return any(word in words for words in self.real)


class Sandbox:
    """Shells that run lines, several at once; use it in a `with`.

    Args:
        workers: how many at once.
        shims: whether lines run as those of a caller behind shims.

    Raises:
        OSError: there is none to be made here.
    """

    def __init__(self, workers: int = 2, *, shims: bool = False) -> None:
        self.root = tempfile.mkdtemp(prefix="lines", dir="/tmp")
        os.chmod(self.root, 0o711)
        self._shims = shims
        self._drivers = [_Driver(os.path.join(self.root, str(number)), shims) for number in range(workers)]
        self._free = list(self._drivers)
        self._threads = ThreadPoolExecutor(workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        for driver in self._drivers:
            driver.close()
        shutil.rmtree(self.root, ignore_errors=True)

    @property
    def directory(self) -> str:
        """Where a line runs: what it says about the first is true of all."""
        return self._drivers[0].home

    @property
    def environment(self) -> dict[str, str]:
        """What a line's shell has."""
        return self._drivers[0].environment

    def run(self, line: Line) -> Ran:
        """Runs one line."""
        return next(self.run_all([line]))[1]

    def run_all(self, lines: Sequence[Line]) -> Iterator[tuple[Line, Ran]]:
        """Runs lines, from now on; they come back in order."""
        batches = [lines[at : at + _BATCH] for at in range(0, len(lines), _BATCH)]
        running = self._threads.map(self._run_batch, batches)
        return (pair for batch in batches for pair in zip(batch, next(running), strict=True))

    def _run_batch(self, batch: Sequence[Line]) -> list[Ran]:
        driver = self._free.pop()
        try:
            return [driver.run(line) for line in batch]
        finally:
            self._free.append(driver)


class _Driver:
    """One process that runs lines, and its directory."""

    def __init__(self, root: str, shims: bool) -> None:
        self.home = os.path.join(root, "home")
        marks = os.path.join(root, "marks")
        binaries = os.path.join(self.home, "bin")
        path = f"{binaries}:{SYSTEM}"
        _make_home(self.home, root, scripts(path), marks)
        if shims:
            path = f"{root}/shims:{path}"
        self.environment = {"HOME": self.home, "PATH": path, "USER": "u", "LC_ALL": "C.UTF-8", "PWD": self.home}
        with open(marks, "wb"):
            pass
        uid = random.choice(UIDS) if os.geteuid() == 0 else -1
        if uid > 0:
            for name in (self.home, marks):
                os.chown(name, uid, uid)
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "driver.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", program, marks, self.home, str(uid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={},
            bufsize=0,
        )

    def run(self, line: Line) -> Ran:
        """Runs a line."""
        entries = [os.fsencode(f"{name}={value}") for name, value in self.environment.items()]
        program = found(PROGRAMS[line.shell])
        if program is None:
            raise OSError(f"{PROGRAMS[line.shell]} isn't here")
        words = [os.fsencode(word) for word in (program, line.shell, "-c", "--", line.text)]
        data = b"\0".join([*entries, *words])
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(_REQUEST.pack(LIMIT_S, len(entries), len(data)) + data)
        size, in_time = struct.unpack("!IB", _exactly(stdout, 5))
        marks = os.fsdecode(_exactly(stdout, size)).split("\0")
        real, shim = ([mark[2:] for mark in marks if mark.startswith(kind)] for kind in ("R ", "S "))
        return Ran(tuple(real), tuple(shim), bool(in_time))

    def close(self) -> None:
        """Ends it: it reads that nothing comes any more."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def _exactly(stream: object, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = stream.read(count - len(data))  # type: ignore[attr-defined]
        if not more:
            raise OSError("the process that runs lines has ended")
        data += more
    return data


def _make_home(home: str, root: str, stand_ins: dict[str, str], marks: str) -> None:
    """The directory that lines run in; what stands in it isn't theirs to change."""
    for name in ("bin", "src"):
        os.makedirs(os.path.join(home, name))
    os.makedirs(os.path.join(root, "shims"))
    for name in (root, home, f"{home}/bin", f"{home}/src", f"{root}/shims"):
        os.chmod(name, 0o755)
    for name, text in _FILES.items():
        _write(os.path.join(home, name), text, 0o444)
    for name, text in stand_ins.items():
        _write(os.path.join(home, "bin", name), f"#!/bin/sh\n{text}", 0o555)
    for mark, names in (("R", (f"{home}/bin/{CANARY}", f"{home}/{CANARY}")), ("S", (f"{root}/shims/{CANARY}",))):
        for name in names:
            _write(name, f"#!/bin/sh\nprintf '{mark} %s\\0' \"$*\" >>{marks}\n", 0o555)


def _write(path: str, text: str, mode: int) -> None:
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chmod(path, mode)
