"""Standard streams and other descriptors: the caller's own, and left as they were."""

from __future__ import annotations

import os
import signal
import socket
import subprocess

import pytest
from e2e.guard import Guard
from harness import reap


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_closed_descriptors(guard: Guard, closed: str) -> None:
    # ls shows on the stream that is left which descriptors it was given.
    guard.same(
        "sh", "-c", f"exec 3>log; for n in 1 2; do ls /proc/self/fd /nonexistent/x {closed}; echo $? >&3; done; cat log"
    )


def test_closed_stdin_stays_closed(guard: Guard) -> None:
    done = guard.same("sh", "-c", "cat <&-; echo $?; python3 -c 'import sys; print(sys.stdin)' <&-")
    assert done.out == b"1\nNone\n"


def test_null_and_files(guard: Guard) -> None:
    script = "cat <in >out 2>err; cat missing >>out 2>>err; cat out err; cat </dev/null; sort -o in in; cat in"
    with open(os.path.join(guard.work, "in"), "wb") as stream:
        stream.write(b"\xff\x00binary\nb\na")
    guard.same("sh", "-c", script)


def test_shared_offsets(guard: Guard) -> None:
    with open(os.path.join(guard.work, "lines"), "w", encoding="utf-8") as stream:
        stream.writelines(f"{number}\n" for number in range(5))
    script = """
    { cat lines; echo between; cat lines; } >out; cat out
    { read a; read b; cat; echo "$a$b"; } <lines
    echo old >log; for n in 1 2 3; do cat lines >>log & done; wait; sort log
    exec 4<>lines; read -r x <&4; cat <&4; echo end >&4; cat lines
    """
    done = guard.same("bash", "-c", script)
    assert done.out.count(b"\n") == 11 + 4 + 16 + 4 + 6


def test_broken_pipe(guard: Guard) -> None:
    with open(os.path.join(guard.work, "zeros"), "wb") as stream:
        stream.truncate(10 << 20)
    done = guard.same(
        "bash", "-c", 'cat zeros | head -c 1 | md5sum; echo "${PIPESTATUS[@]}"; cat zeros >/dev/full; echo $?'
    )
    assert b"\n141 0 0\n1\n" in done.out


def test_sockets(guard: Guard) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = guard.start("cat", stdin=theirs, stdout=theirs)
        ours.sendall(b"there and back")
        ours.shutdown(socket.SHUT_WR)
        assert ours.recv(100) == b"there and back"
        assert ours.recv(100) == b""
        assert process.communicate()[1] == b""
    assert process.returncode == 0


def test_descriptors_stay_blocking(guard: Guard) -> None:
    pipes = [os.pipe() for _ in range(3)]
    (stdin, feeder), (reader, stdout), (error_reader, stderr) = pipes
    process = guard.start("cat", stdin=stdin, stdout=stdout, stderr=stderr)
    os.write(feeder, b"x")
    assert os.read(reader, 1) == b"x"  # the program runs
    assert all(os.get_blocking(end) for end in (stdin, stdout, stderr))
    os.close(feeder)
    assert process.wait() == 0
    assert all(os.get_blocking(end) for end in (stdin, stdout, stderr))
    for end in (stdin, reader, stdout, error_reader, stderr):
        os.close(end)


def test_nonblocking_descriptors_stay_so(guard: Guard) -> None:
    reader, writer = os.pipe2(os.O_NONBLOCK)
    done = guard.run("cat", "/proc/self/fdinfo/0", stdin=None, preexec_fn=lambda: os.dup2(reader, 0))
    assert int(done.out.split(b"flags:")[1].split()[0], 8) & os.O_NONBLOCK
    os.close(reader)
    os.close(writer)


def test_pipes_end_with_the_program(guard: Guard) -> None:
    """Nobody else keeps the writing end: the reader sees the end though the daemon and the shims live on."""
    reader, writer = os.pipe()
    with guard.start("cat", stdin=subprocess.PIPE, stdout=writer, stderr=writer) as process:
        os.close(writer)
        process.communicate(b"text")
    with os.fdopen(reader, "rb") as stream:
        assert stream.read() == b"text"


def test_background_child_does_not_delay_the_answer(guard: Guard) -> None:
    process = guard.start("background", bufsize=0)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    try:
        assert reap(process.pid) == 5
        os.kill(pid, 0)  # it lives, and holds the pipe
    finally:
        os.kill(pid, signal.SIGKILL)
    assert process.stdout.read() == b""
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.close()


@pytest.mark.needs("flock")
def test_flock(faithful: Guard) -> None:
    script = """
    exec 9>lock; flock 9 && echo locked
    flock -n -E 5 lock true; echo "another: $?"
    cat /proc/self/fdinfo/9 | grep -c FLOCK
    (flock -u 9); flock -n lock true; echo "then: $?"
    flock lock sh -c 'ls lock; exit 3'; echo "with a command: $?"
    """
    done = faithful.same("bash", "-c", script)
    assert done.out == b"locked\nanother: 5\n1\nthen: 0\nlock\nwith a command: 3\n"


MAKEFILE = """\
all: one two three
one two three:
\t@$(MAKE) --no-print-directory inner NAME=$@
inner:
\t@cat $(NAME).in; sort $(NAME).in >$(NAME).out
.PHONY: all one two three inner
"""


@pytest.mark.needs("make")
def test_jobserver(faithful: Guard) -> None:
    with open(os.path.join(faithful.work, "Makefile"), "w", encoding="utf-8") as stream:
        stream.write(MAKEFILE)
    for name in ("one", "two", "three"):
        with open(os.path.join(faithful.work, f"{name}.in"), "w", encoding="utf-8") as stream:
            stream.write(f"{name} in\n")
    done = faithful.same("sh", "-c", "make -j2 all | sort; cat one.out two.out three.out")
    assert done == (0, b"one in\nthree in\ntwo in\none in\ntwo in\nthree in\n", b"")  # no word of a missing jobserver


def test_descriptors_above_two(faithful: Guard) -> None:
    code = 'import os; os.write(5, b"text"); os.write(8, b"out\\n")'
    script = f"exec 5>five 7<&0 8>&1; python3 -c '{code}'; cat five; ls /proc/self/fd"
    done = faithful.same("sh", "-c", script)
    assert done.out.split()[:2] == [b"out", b"text0"]


def test_no_descriptor_leaks_into_the_program(guard: Guard) -> None:
    assert guard.same("ls", "/proc/self/fd").out == b"0\n1\n2\n3\n"
