"""Executing in place: the command finds everything as its caller left it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from shims.conftest import Shim
from shims.fake_daemon import FakeDaemon, execute


def in_place(shim: Shim, path: bytes, argv: list[bytes] | None = None, timeout_ms: int = 0) -> bytes:
    if shim.speaks_lines:
        return b"exec %d %s\n" % (timeout_ms, path.replace(b"\\", b"\\\\").replace(b"\n", b"\\n"))
    return execute(path, argv or [], timeout_ms)


def script(path: Path, text: str) -> bytes:
    path.write_text(text)
    path.chmod(0o755)
    return os.fsencode(path)


def test_arguments_and_output(any_shim: Shim) -> None:
    with FakeDaemon(any_shim.home, in_place(any_shim, b"/usr/bin/printf")):
        done = any_shim.run("printf", "%s|", "a b", "", b"\xff", "")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"a b||\xff||", b"")


def test_arguments_that_the_daemon_gave(shim: Shim) -> None:
    argv = [b"printf", b"%s|", b"", *(b"%0500d" % i for i in range(2000))]
    with FakeDaemon(shim.home, execute(b"/usr/bin/printf", argv)):
        done = shim.run("probe", "--other")
    assert done.stdout == b"".join(b"%s|" % each for each in argv[2:])


def test_few_arguments_that_the_daemon_gave(shim: Shim) -> None:
    with FakeDaemon(shim.home, execute(b"/bin/sh", [b"other name", b"-c", b'echo "$0" "$@"', b"zero", b"x y"])):
        assert shim.run("probe").stdout == b"zero x y\n"


def test_argv0_is_the_callers(shim: Shim) -> None:
    with FakeDaemon(shim.home, execute(b"/bin/sh")):
        assert shim.run("odd name", "-c", "tr '\\0' ' ' </proc/$$/cmdline").stdout.startswith(b"odd name -c ")


@pytest.mark.parametrize("blocked", [[], [signal.SIGUSR1, signal.SIGRTMAX]])
def test_signal_mask_is_the_callers(shim: Shim, blocked: list[int]) -> None:
    with FakeDaemon(shim.home, execute(b"/usr/bin/grep")):
        done = shim.run(
            "grep",
            "SigBlk",
            "/proc/self/status",
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, blocked),
        )
    assert int(done.stdout.split()[1], 16) == sum(1 << (number - 1) for number in blocked)


def test_ignored_signals_stay_ignored(shim: Shim) -> None:
    with FakeDaemon(shim.home, execute(b"/usr/bin/grep")):
        done = shim.run(
            "grep",
            "SigIgn",
            "/proc/self/status",
            restore_signals=False,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
        )
    native = 1 << (signal.SIGHUP - 1) | 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
    # Under make, whose posix_spawn is glibc's, the tests themselves have libc's own signals 32 and 33 ignored.
    libcs = 1 << 31 | 1 << 32
    assert int(done.stdout.split()[1], 16) & ~libcs == native


def test_no_descriptor_of_the_client_is_left(any_shim: Shim) -> None:
    with FakeDaemon(any_shim.home, in_place(any_shim, b"/bin/ls")):
        done = any_shim.run("ls", "/proc/self/fd")
    assert done.stdout.split() == [b"0", b"1", b"2", b"3"]  # 3: the directory that ls reads


def test_descriptors_of_the_caller_are_left(shim: Shim) -> None:
    kept = os.open("/", os.O_RDONLY)
    with FakeDaemon(shim.home, execute(b"/bin/ls")):
        done = shim.run("ls", "/proc/self/fd", pass_fds=[kept])
    assert str(kept).encode() in done.stdout.split()
    os.close(kept)


def test_closed_descriptors_are_closed_for_the_command(shim: Shim) -> None:
    with FakeDaemon(shim.home, execute(b"/bin/sh")):
        done = shim.run("sh", "-c", "ls /proc/$$/fd", preexec_fn=lambda: os.close(0))
    assert b"0" not in done.stdout.split()


def test_environment_is_the_callers(any_shim: Shim) -> None:
    with FakeDaemon(any_shim.home, in_place(any_shim, b"/usr/bin/env")):
        done = any_shim.run(
            "env", "-0", env={"A": "\udcff\n", "LC_ALL": "C.UTF-8", "SHLVL": "4", "PWD": "/odd", "B%%": "x"}
        )
    expected = any_shim.environment({"A": "\udcff\n", "LC_ALL": "C.UTF-8", "SHLVL": "4", "PWD": "/odd", "B%%": "x"})
    assert sorted(done.stdout.split(b"\0")[:-1]) == sorted(os.fsencode(f"{k}={v}") for k, v in expected.items())


def test_a_file_without_a_format_is_a_script(shim: Shim, tmp_path: Path) -> None:
    path = script(tmp_path / "plain", 'echo "$0" "$@"\n')
    with FakeDaemon(shim.home, execute(path)):
        assert shim.run("probe", "a", "b c").stdout == path + b" a b c\n"


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("missing", 127, "No such file or directory"),
        ("plain", 126, "Permission denied"),
        (".", 126, "Permission denied"),
    ],
)
def test_what_cannot_be_executed(any_shim: Shim, tmp_path: Path, name: str, status: int, words: str) -> None:
    (tmp_path / "plain").write_text("no program")
    path = os.path.join(str(tmp_path), name)
    with FakeDaemon(any_shim.home, in_place(any_shim, os.fsencode(path))):
        done = any_shim.run("probe")
    assert (done.returncode, done.stderr.decode()) == (status, f"safeshell: '{path}': {words}\n")


def test_own_lookup_passes_over_shims(any_shim: Shim, clients: dict[str, str], tmp_path: Path) -> None:
    path = [os.path.dirname(any_shim.path)]
    for name, client in clients.items():
        if name == "libc":
            continue  # instrumented builds are too large to be known by their bytes
        (tmp_path / name).mkdir()
        (tmp_path / name / "probe").write_bytes(Path(client).read_bytes())
        (tmp_path / name / "probe").chmod(0o755)
        path.append(str(tmp_path / name))
    real = tmp_path / "real"
    real.mkdir()
    script(real / "probe", '#!/bin/sh\necho "$0" "$@"\n')
    with FakeDaemon(any_shim.home, in_place(any_shim, b"")):
        done = any_shim.run("probe", "x", env={"PATH": ":".join([*path, str(real), "/usr/bin"])})
    assert (done.returncode, done.stdout.decode()) == (0, f"{real}/probe x\n")


def test_own_lookup_in_relative_elements(shim: Shim, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "probe", '#!/bin/sh\necho "$0"\n')
    with FakeDaemon(shim.home, execute(b"")):
        assert shim.run("probe", cwd=tmp_path, env={"PATH": "/missing:bin"}).stdout == b"bin/probe\n"
        assert shim.run("probe", cwd=tmp_path / "bin", env={"PATH": "/missing:"}).stdout == b"probe\n"


def test_own_lookup_finds_nothing(any_shim: Shim) -> None:
    with FakeDaemon(any_shim.home, in_place(any_shim, b"")):
        done = any_shim.run("probe")
    assert (done.returncode, done.stderr) == (127, b"safeshell: 'probe': No such file or directory\n")


def test_own_lookup_of_another_command(shim: Shim) -> None:
    with FakeDaemon(shim.home, execute(b"", [b"echo", b"instead"])):
        assert shim.run("probe").stdout == b"instead\n"
