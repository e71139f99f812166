"""Programs that care how they were found, and the files that stand for a process's own streams."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from e2e.guard import Guard
from e2e.terminal import Terminal


@contextmanager
def shimmed(guard: Guard, name: str) -> Iterator[str]:
    """The path for a program of this name that has a shim, for as long as the block."""
    path, shim = os.path.join(guard.bin, name), guard.shim(name)
    os.link(guard.shim("cat"), shim)
    try:
        yield path
    finally:
        os.unlink(shim)
        os.unlink(path)


def test_a_program_that_does_as_it_is_called(guard: Guard) -> None:
    """As busybox does: bash is restricted under the name rbash."""
    with shimmed(guard, "rbash") as path:
        os.symlink("/bin/bash", path)
        done = guard.same("sh", "-c", "rbash -c 'cd /'; echo $?; rbash -c 'echo $0'; rbash -c 'echo $0' named")
    assert done.out == b"1\nrbash\nnamed\n"
    assert done.err == b"rbash: line 1: cd: restricted\n"


def test_a_program_that_executes_itself_along_path(guard: Guard) -> None:
    with shimmed(guard, "again") as path:
        guard.install(os.path.basename(path), '#!/bin/sh\n[ "$1" = 4 ] && exit 5\necho "$1"\nexec again $(($1 + 1))\n')
        before = guard.requests()
        done = guard.same("again", "1")
        assert guard.requests() == before + 4
    assert (done.status, done.out) == (5, b"1\n2\n3\n")


def test_text_file_busy(guard: Guard) -> None:
    with shimmed(guard, "busy") as path:
        shutil.copy("/bin/true", path)
        with open(path, "r+b"):
            native = guard.run("bash", "-c", "busy; echo $?", native=True)
            done = guard.run("bash", "-c", "busy; echo $?")
    assert native.out == done.out == b"126\n"
    assert native.err.endswith(b": Text file busy\n")
    assert done.err.endswith(b"busy': Text file busy\n")


def test_standard_streams_by_name(guard: Guard) -> None:
    with open(os.path.join(guard.work, "in"), "wb") as stream:
        stream.write(b"some text\n")
    script = """
    cat /dev/stdin <in; cat in | cat /dev/stdin /proc/self/fd/0; cp in /dev/stdout; cp in /dev/stderr
    cat in | cp /dev/stdin copy; cat copy; { cat; cat /dev/stdin; } <in; cat /dev/fd/0 <in >/dev/fd/2
    """
    done = guard.same("sh", "-c", script)
    assert done.out.count(b"some text\n") == 6
    assert done.err.count(b"some text\n") == 2


def test_the_terminal_by_name(faithful: Guard) -> None:
    script = "cat <&- >/dev/null </dev/tty | sed s/^/never/; echo shown | cp /dev/stdin /dev/tty; cat /dev/tty | sed q"
    with Terminal("sh", "-c", script, env=faithful.environment(), cwd=faithful.work) as terminal:
        terminal.type("first\r\x04")
        terminal.expect("shown")
        terminal.type("typed\r\x04")
        terminal.expect("typed\r\ntyped\r\n")
        assert terminal.finish() == 0
