"""Fuzzes what reads bytes for as long as it is told: the protocol, a running daemon, every format, and what reads in C.

    python tests/fuzz/drive.py SECONDS [SEED]

Each part says how many inputs it had; the first that breaks something ends the run with its seed. `make fuzz` runs it.
"""

from __future__ import annotations

import array
import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from ccode import compiler
from fuzz.formats import FORMATS, fuzz_format
from fuzz.mutate import PROGRAM, answer, damage, pieces, request
from harness import Daemon, make_home, running_daemon, temporary_directory, until

from safeshell.client import connect, evaluate_line, execute
from safeshell.errors import ProtocolError
from safeshell.protocol import LAST_REPLIES, Event, Frame, Receiver, ReplyReceiver, Type

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = 50
"""Requests between two looks at the daemon."""

CONFIG = "limits: {client_deadline: 250ms}\n"
"""Half requests are many here."""

NO_COMPILER = "no compiler with sanitizers"

_NEVER = (Type.STOP, Type.HANDOVER)
_ENDLESS = Type.MONITOR
"""Is answered until whoever asked hangs up."""


def fuzz_receivers(seconds: float, seed: int) -> int:
    """Whatever arrives ends in events or a `ProtocolError`, the same whole and in pieces; returns how many inputs."""
    deadline = time.monotonic() + seconds
    count = 0
    while time.monotonic() < deadline:
        source = random.Random(seed + count)
        sent, answered = damage(source, request(source, "/nowhere")), damage(source, answer(source))
        where = f"seed {seed + count}"
        whole = _feed(Receiver(1 << 16), [sent])
        # A line form that goes on after its end is seen to where the rest comes with it, else the rest is what fails.
        assert whole in (None, _feed(Receiver(1 << 16), pieces(source, sent))), where
        assert _feed(ReplyReceiver(), [answered]) == _feed(ReplyReceiver(), pieces(source, answered)), where
        count += 1
    return count


def _feed(receiver: Receiver | ReplyReceiver, data: list[bytes]) -> list[Event | Frame] | None:
    """The events, or None where there was an error."""
    events: list[Event | Frame] = []
    try:
        for piece in data:
            events += receiver.feed(piece)
    except ProtocolError:
        return None
    return events


def fuzz_daemon(daemon: Daemon, path: str, seconds: float, seed: int) -> int:
    """A daemon answers everything or closes, goes on serving, and keeps nothing; returns how many requests."""
    _look(daemon, path)
    execute(["rm", "precious"], env={"PATH": path}, home=daemon.home)  # a denial: the audit log is open from then on
    evaluate_line("true", env={"PATH": path}, home=daemon.home)  # the helper is there from then on
    before = daemon.idle()["descriptors"]
    deadline = time.monotonic() + seconds
    count = 0
    while time.monotonic() < deadline:
        for _ in range(BATCH):
            _send(daemon, path, random.Random(seed + count), seed + count)
            count += 1
        _look(daemon, path)
        until(lambda: daemon.status()["connections"] == 1, f"the connections to be closed, seeds up to {seed + count}")
        until(
            lambda: daemon.status()["descriptors"] == before, f"descriptors to be given back, seeds to {seed + count}"
        )
    return count


def _look(daemon: Daemon, path: str) -> None:
    done = execute([PROGRAM], env={"PATH": path}, home=daemon.home)
    assert (done.returncode, done.ran) == (0, True), done.message


def _send(daemon: Daemon, path: str, source: random.Random, seed: int) -> None:
    data = damage(source, request(source, path))
    if len(data) > 5 and data[5] in _NEVER:
        return
    with connect(daemon.home) as sock:
        sock.settimeout(20)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            _pass(sock, data, source)
        match source.randrange(4):
            case 0:
                return
            case 1 if data[5:6] != bytes([_ENDLESS]):
                pass  # what is not whole waits for the deadline
            case _:
                sock.shutdown(socket.SHUT_WR)
        receiver, frames = ReplyReceiver(), []
        lines = data.startswith(b"safeshell/1 ")
        with contextlib.suppress(ConnectionResetError, TimeoutError):
            while got := sock.recv(1 << 16):
                frames += [] if lines else receiver.feed(got)
        assert all(frame.kind not in LAST_REPLIES for frame in frames[:-1]), f"seed {seed}: {frames}"


def _pass(sock: socket.socket, data: bytes, source: random.Random) -> None:
    """Sends it, in pieces and with descriptors as they come."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * source.choice((1, 4, 4, 4, 9))))]
    for piece in pieces(source, data)[:200]:
        sock.sendmsg([piece], rights if source.randrange(2) else [])
        rights = []


_COMMON = ("-std=gnu11", "-g", "-O1", "-DSAFESHELL_LIBC", "-fno-sanitize-recover=all")
_SANITIZERS = "address,undefined"
GUIDED = (*_COMMON, f"-fsanitize=fuzzer,{_SANITIZERS}")
STANDALONE = (*_COMMON, f"-fsanitize={_SANITIZERS}", "-DSTANDALONE")
"""What a target is compiled by: for libFuzzer, which is clang's, and without it."""

TARGETS = {
    "the client's reply parser": "reply_target.c",
    "the client's reader of client.conf": "conf_target.c",
    "the hook program's reader of answers": "hook_target.c",
    "the daemon's front": "front_target.c",
}
"""What reads bytes in C."""


BUILDS = {"libFuzzer": (["clang"], GUIDED), "clang": (["clang"], STANDALONE), "cc": (compiler(), STANDALONE)}
"""Compilers and their flags. Each one's sanitizers find what another's let pass: both are asked."""


def build_target(name: str, directory: str, builds: Sequence[str] = ("libFuzzer", "cc")) -> tuple[str, bool] | None:
    """Compiles a target; returns it and whether it is libFuzzer's, or None without a compiler that can.

    Args:
        name: of `TARGETS`.
        directory: where to.
        builds: of `BUILDS`; the first that works is taken.
    """
    source = os.path.join(HERE, TARGETS[name])
    output = os.path.join(directory, "target")
    for words, flags in [BUILDS[build] for build in builds]:
        if shutil.which(words[0]):
            done = subprocess.run([*words, *flags, "-o", output, source], capture_output=True, check=False)
            if done.returncode == 0:
                return output, flags is GUIDED
    return None


def fuzz_target(name: str, seconds: int, seed: int, builds: Sequence[str] = ("libFuzzer", "cc")) -> str:
    """Whatever the bytes, nothing beside them is read; returns the last line of what ran."""
    with tempfile.TemporaryDirectory() as directory:
        built = build_target(name, directory, builds)
        if built is None:
            return NO_COMPILER
        program, guided = built
        if guided:
            os.mkdir(os.path.join(directory, "corpus"))
            arguments = [f"-max_total_time={seconds}", f"-seed={seed or 1}", "-max_len=4096", "corpus"]
        else:
            arguments = [str(seconds), str(seed)]
        done = subprocess.run([program, *arguments], cwd=directory, capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).strip()
        assert done.returncode == 0, said
        return said.splitlines()[-1]


def main(arguments: list[str]) -> None:
    """Gives each part as much of the time; all formats that Python reads are one part."""
    seconds, seed = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else random.randrange(1 << 30)
    print(f"seed {seed}")  # noqa: T201
    print(f"receivers: {fuzz_receivers(seconds / 5, seed)} inputs")  # noqa: T201
    for name in FORMATS:
        print(f"{name}: {fuzz_format(name, seconds / 5 / len(FORMATS), seed)} inputs")  # noqa: T201
    with temporary_directory() as root, running_daemon(make_home(f"{root}/h", config=CONFIG)) as daemon:
        print(f"daemon: {fuzz_daemon(daemon, fuzzed_program(root), seconds / 5, seed)} requests")  # noqa: T201
    for name in TARGETS:
        print(f"{name}: {fuzz_target(name, max(1, seconds // 5 // len(TARGETS) * 2), seed)}")  # noqa: T201
        print(f"{name}, by clang: {fuzz_target(name, 1, seed, ['clang'])}")  # noqa: T201


def fuzzed_program(root: str) -> str:
    """Makes a directory that holds the one program which fuzzed requests may run; returns it."""
    path = os.path.join(root, "bin")
    os.mkdir(path)
    with open(os.path.join(path, PROGRAM), "w", encoding="utf-8") as stream:
        stream.write("#!/bin/sh\nexit 0\n")
    os.chmod(os.path.join(path, PROGRAM), 0o755)
    return path


if __name__ == "__main__":
    main(sys.argv[1:])
