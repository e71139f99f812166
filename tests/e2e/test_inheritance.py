"""What a program gets from its caller: arguments, environment, directory, limits."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Sequence

import pytest
from e2e.guard import FORBIDDEN, Guard, unattended

EXECUTE = """\
import ctypes, sys
path, *entries = [bytes.fromhex(word) for word in sys.stdin.read().split(",")]
argv = (ctypes.c_char_p * 3)(b"cat", b"/proc/self/environ", None)
ctypes.CDLL(None).execve(path, argv, (ctypes.c_char_p * (len(entries) + 1))(*entries, None))
"""
"""execve with an environment that no standard program can make."""


def environ_of(guard: Guard, path: str, entries: Sequence[bytes]) -> bytes:
    """What the program has for an environment, executed with exactly these entries."""
    done = guard.run(
        sys.executable, "-IS", "-c", EXECUTE, stdin=",".join(w.hex() for w in (path.encode(), *entries)).encode()
    )
    assert done.err == b""
    return done.out


@pytest.mark.parametrize(
    "entries",
    [
        [b"A=1", b"B=\xff\xfe\n", b"C=", b"\xe9=x", b"D=a=b", b"E= '\"$(x)"],
        [b"A=1", b"A=2", b"B=3"],
        [b"A=1", b"no equals sign", b"B=3"],
        [b"=empty name", b"A=1"],
        [b"", b"A=1"],
        [b"BIG=" + b"x" * 100_000],
    ],
    ids=["bytes", "duplicates", "no-equals", "empty-name", "empty-entry", "big"],
)
def test_environment_is_the_same_bytes_in_order(guard: Guard, entries: list[bytes]) -> None:
    needed = [b"PATH=" + guard.path(native=False).encode(), b"SAFESHELL_HOME=" + guard.home.root.encode()]
    whole = [entries[0], *needed, *entries[1:]]
    before = guard.requests()
    through = environ_of(guard, guard.shim("cat"), whole)
    assert guard.requests() == before + 1
    assert through == b"".join(entry + b"\0" for entry in whole)
    assert through == environ_of(guard, "/bin/cat", whole)


def test_empty_environment(guard: Guard) -> None:
    # The home is found by the shim's own place.
    before = guard.requests()
    assert guard.run("/usr/bin/env", "-i", guard.shim("cat"), "/proc/self/environ") == (0, b"", b"")
    assert guard.requests() == before + 1
    assert guard.run("/usr/bin/env", "-i", guard.shim("cat"), FORBIDDEN).status == 126


@pytest.mark.parametrize("argv0", [b"cat", b"another name", b"-cat", b"/x/y", b"\xff", b""])
def test_arguments_and_argv0(guard: Guard, argv0: bytes) -> None:
    words = [argv0, b"/proc/self/cmdline", b"", b"a b", b"'\"$x`y`;|&\\", b"\xff\xfe", b"new\nline", b""]
    natively = guard.run(*words, executable="/bin/cat")
    assert natively.out == b"".join(word + b"\0" for word in words)
    before = guard.requests()
    assert guard.run(*words, executable=guard.shim("cat")) == natively
    assert guard.requests() == before + 1


def test_two_megabytes_of_arguments(guard: Guard) -> None:
    words = [b"%0100000d" % number for number in range(19)]
    code = "import hashlib, os, sys; print(hashlib.md5(b'\\0'.join(map(os.fsencode, sys.argv[1:]))).hexdigest())"
    done = guard.same("python3", "-c", code, *words)
    assert done.out.decode().strip() == hashlib.md5(b"\0".join(words)).hexdigest()


@pytest.mark.parametrize("mask", ["000", "027", "077", "777"])
def test_umask(guard: Guard, mask: str) -> None:
    assert guard.same("sh", "-c", f"umask {mask}; exec env umask").out == f"0{mask}\n".encode()


def test_working_directory(guard: Guard) -> None:
    os.mkdir(os.path.join(guard.work, "sub"))
    os.symlink("sub", os.path.join(guard.work, "link"))
    done = guard.same("sh", "-c", "cd link && readlink /proc/self/cwd")
    assert done.out == f"{guard.work}/sub\n".encode()


def test_deleted_working_directory(guard: Guard) -> None:
    script = "mkdir d && cd d && rmdir ../d && readlink /proc/self/cwd; ls; git status; echo $?"
    done = guard.same("sh", "-c", script)
    assert done.out.startswith(f"{guard.work}/d (deleted)\n".encode())


@pytest.mark.needs("setpriv")
@pytest.mark.parametrize("execution", ["auto", "daemon", "in_place"])
def test_unreadable_working_directory(execution: str) -> None:
    # Root can read everything unless it gives that up; the daemon that it starts then has, too.
    dropped = "-dac_override,-dac_read_search"
    prefix = () if os.geteuid() else ("setpriv", f"--bounding-set={dropped}", f"--inh-caps={dropped}")
    script = "mkdir d && cd d && chmod 0 . && readlink /proc/self/cwd; ls; git status; echo $?; cat /proc/self/cwd/x"
    with unattended(f"execution: {execution}\n") as guard:
        native = guard.run(*prefix, "sh", "-c", script, native=True)
        os.rmdir(os.path.join(guard.work, "d"))
        assert guard.run(*prefix, "sh", "-c", script) == native
        assert b"ls: cannot open directory '.': Permission denied" in native.err


def test_limits(faithful: Guard) -> None:
    done = faithful.same("bash", "-c", "ulimit -n 99 -c 0; cat /proc/self/limits")
    assert b"Max open files            99                   99 " in done.out


def test_nice(faithful: Guard) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert faithful.same("nice", "-n", "5", "nice").out == b"%d\n" % min(own + 5, 19)
    assert faithful.same("sh", "-c", "nice -n 3 sh -c 'nice -n 4 nice'").out == b"%d\n" % min(own + 7, 19)


def test_nohup(faithful: Guard) -> None:
    done = faithful.same(
        "sh", "-c", "nohup cat /proc/self/status | grep Sig[BIC] | sed -E '/SigIgn/s/0000000[01][08]000000/…/'"
    )
    assert "SigIgn:\t…1\n".encode() in done.out  # with or without libc's own two, which its posix_spawn ignores
    assert b"SigBlk:\t0000000000000000\n" in done.out


def test_ignored_and_blocked_signals(faithful: Guard) -> None:
    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])

    done = faithful.same("grep", "Sig[BI]", "/proc/self/status", preexec_fn=prepare)
    blocked, ignored = (int(word, 16) for word in done.out.split()[1::2])
    assert blocked == 1 << (signal.SIGUSR2 - 1)
    # Under make, whose posix_spawn is glibc's, the tests themselves have libc's own signals 32 and 33 ignored.
    assert ignored & ~(0b11 << 31) == 1 << (signal.SIGINT - 1)


def test_default_signals(guard: Guard) -> None:
    # Python ignores SIGPIPE; its children must not.
    done = guard.run("grep", "Sig[BI]", "/proc/self/status")
    blocked, ignored = (int(word, 16) for word in done.out.split()[1::2])
    libc = 0b11 << 31  # glibc's posix_spawn ignores its own two signals, which no program hears of
    assert (blocked, ignored & ~libc) == (0, 0)


def test_nested_commands_are_placed_alike(guard: Guard) -> None:
    place = "daemon" if guard.spawns else "in_place"
    before = sum(guard.placed(place).values())
    assert guard.same("nested").status == 4
    assert sum(guard.placed(place).values()) == before + 2


def test_affinity(faithful: Guard) -> None:
    cpu = min(os.sched_getaffinity(0))
    done = faithful.same(
        "grep", "Cpus_allowed_list", "/proc/self/status", preexec_fn=lambda: os.sched_setaffinity(0, [cpu])
    )
    assert done.out.split() == [b"Cpus_allowed_list:", b"%d" % cpu]
