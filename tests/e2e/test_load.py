"""Much data and many commands: bytes stay out of the daemon, and the daemon is as it was afterwards."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator

import pytest
from e2e.guard import Guard
from harness import Daemon, temporary_directory, until

SIZE = 100 << 20
AT_ONCE = 200
PIPELINE = "cat big | sort -S 32M | md5sum"


@pytest.fixture(scope="module")
def big() -> Iterator[tuple[str, bytes]]:
    """A directory with a big file, and what the pipeline makes of it natively."""
    with temporary_directory() as root:
        source = random.Random(1)
        block = source.randbytes(1 << 20).replace(b"\n", b" ")
        with open(os.path.join(root, "big"), "wb") as stream:
            for _ in range(SIZE >> 20):
                at = source.randrange(1 << 20)
                stream.write(b"%015d" % source.randrange(10**15) + block[at:] + block[:at][16:] + b"\n")
        done = subprocess.run(
            ["sh", "-c", PIPELINE], cwd=root, env={"LC_ALL": "C", "TMPDIR": root}, check=True, capture_output=True
        )
        yield root, done.stdout


def moved(daemon: Daemon) -> int:
    """Bytes that the daemon has read and written, as system calls count them."""
    # Of its only thread: the process's own counts include its children's once they are reaped.
    assert os.listdir(f"/proc/{daemon.pid}/task") == [str(daemon.pid)]
    with open(f"/proc/{daemon.pid}/task/{daemon.pid}/io", encoding="ascii") as stream:
        counts = dict(line.split(": ") for line in stream)
    return int(counts["rchar"]) + int(counts["wchar"])


def test_bytes_pass_by_the_daemon(guard: Guard, big: tuple[str, bytes]) -> None:
    root, expected = big
    before = guard.requests()
    moved_before = moved(guard.daemon)
    done = guard.run("sh", "-c", PIPELINE, cwd=root, env={"LC_ALL": "C", "TMPDIR": root})
    assert (done.status, done.out, done.err) == (0, expected, b"")
    assert guard.requests() - before == 3
    assert moved(guard.daemon) - moved_before < 1 << 20


def test_many_at_once(guard: Guard) -> None:
    assert guard.same("answer", "7", stdin=b"\n").status == 7
    before = guard.daemon.idle()
    gate, opener = os.pipe()
    try:
        commands = [guard.start("answer", str(number), stdin=gate) for number in range(AT_ONCE)]
        until(lambda: guard.requests() - before["requests"]["total"] == AT_ONCE, "all commands to be decided")
        in_daemon = AT_ONCE if guard.spawns else 0
        until(lambda: guard.daemon.status()["running"] == in_daemon, f"{in_daemon} of them to run in the daemon")
    finally:
        os.close(opener)  # every command waits for the end of its input
        os.close(gate)
    answers = [(process.communicate(timeout=60), process.returncode) for process in commands]
    assert answers == [((b"out %d\n" % n, b"err %d\n" % n), n % 256) for n in range(AT_ONCE)]
    after = guard.daemon.idle()
    assert after["descriptors"] == before["descriptors"]
    assert after["rss_kib"] < before["rss_kib"] + 8192
