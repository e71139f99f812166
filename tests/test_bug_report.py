"""What ends a program that nothing else caught: a bug keeps its traceback, a machine that lacks something is a line."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest
from harness import PATH, PATIENT, SAFESHELL, Cli, running_daemon, until, write

from safeshell.client import execute
from safeshell.home.paths import Home


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> pytest.MonkeyPatch:
    """Tracebacks are kept in a directory of the test's own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return monkeypatch


def fail(error: Exception) -> object:
    def raise_it(*_words: object, **_more: object) -> None:
        raise error

    return raise_it


@pytest.mark.parametrize("words", [("compile",), ("compile", "--dump"), ("rules.yaml", "compile"), ("--help",)])
def test_output_that_cannot_be_written_is_a_line(home: Home, words: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [SAFESHELL, *(words if words[0] != "rules.yaml" else ("compile", "--format=json", home.rules))],
            env={"SAFESHELL_HOME": home.root, "PATH": "/usr/bin:/bin"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 125
    said = [line for line in done.stderr.splitlines() if line.startswith("safeshell: ")]
    assert said == [f"safeshell: can't write the output: {os.strerror(errno.ENOSPC)}"]
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("rules", ["version: 1\nrules: []\n", "version: 1\nrules: [\n", None])
def test_messages_that_cannot_be_written_either_leave_the_status(home: Home, rules: str | None) -> None:
    os.unlink(home.rules)
    if rules is not None:
        write(home.rules, rules)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [SAFESHELL, "compile"],
            env={"SAFESHELL_HOME": home.root, "PATH": "/usr/bin:/bin"},
            stdout=full,
            stderr=full,
            check=False,
        )
    assert done.returncode == (125 if rules is not None else 1)


def test_a_daemon_that_the_machine_keeps_from_starting_says_so_in_a_line(home: Home) -> None:
    program = """
import socket
from safeshell.daemon.__main__ import main
def fail(*words, **more):
    raise OSError(24, "x")
socket.socket = fail
raise SystemExit(main())
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", program],
        env={"SAFESHELL_HOME": home.root},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (125, "safeshell: Too many open files\n")


@pytest.mark.parametrize(
    ("raised", "said"), [("MemoryError()", "Cannot allocate memory"), ("OSError(24, 'x')", "Too many open files")]
)
def test_a_command_that_the_daemon_has_no_room_for_is_refused_in_a_line(home: Home, raised: str, said: str) -> None:
    failing = f"""
from safeshell.daemon.steps.locate import Locate
def fail(self, request):
    if b"big" in request.asked.arguments:
        raise {raised}
    return run(self, request)
run, Locate.run = Locate.run, fail
"""
    with running_daemon(home, failing + PATIENT):  # which has no bug to tell of
        refused = execute(["ls", "big"], env={"PATH": PATH}, home=home)
        assert (refused.returncode, refused.ran) == (125, False)
        assert refused.message == f"safeshell: the daemon can't go on with this: {said}\n"
        assert execute(["ls", "/"], env={"PATH": PATH}, home=home).returncode == 0


def test_a_daemon_that_cannot_load_its_front_says_so_and_does_without(home: Home) -> None:
    failing = 'import sys\nsys.modules["safeshell.daemon.fastpath.binding"] = None\n'
    with running_daemon(home, failing + PATIENT) as daemon:
        front = until(lambda: "looked for" not in daemon.status()["front"]["reason"] and daemon.status()["front"], "it")
        assert (front["native"], "binding" in front["reason"]) == (False, True)
        assert execute(["ls", "/"], env={"PATH": PATH}, home=home).returncode == 0


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EMFILE, "x", "/a/b\n"), "Too many open files: /a/b\\n"),
        (OSError(errno.EAGAIN, "x"), "Resource temporarily unavailable"),
        (OSError(errno.ENOSPC, "x", b"/a"), "No space left on device: /a"),
        (OSError(errno.EIO, "x", 3), "Input/output error"),
        (OSError(errno.EMFILE, "x", "/\u3164\udcff"), r"Too many open files: /\u3164\udcff"),
        (MemoryError(), "Cannot allocate memory"),
    ],
)
def test_a_machine_that_ran_out_of_something_is_a_line(
    cli: Cli, broken: pytest.MonkeyPatch, tmp_path: object, error: Exception, said: str
) -> None:
    broken.setattr("safeshell.cli.compile.sources_in_force", fail(error))
    assert cli("compile") == (125, "", f"safeshell: {said}\n")
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize("error", [ValueError("x"), OSError(errno.EBADF, "x"), OSError("x")])
def test_a_bug_keeps_its_traceback(cli: Cli, broken: pytest.MonkeyPatch, tmp_path: object, error: Exception) -> None:
    broken.setattr("safeshell.cli.compile.sources_in_force", fail(error))
    status, out, err = cli("compile")
    (name,) = os.listdir(str(tmp_path))
    path = os.path.join(str(tmp_path), name)
    assert (status, out, err) == (70, "", f"safeshell: this is a bug; the traceback is in {path}\n")
    with open(path, encoding="utf-8") as stream:
        assert "Traceback" in stream.read()


def test_a_bug_whose_traceback_cannot_be_kept_is_said(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safeshell.cli.compile.sources_in_force", fail(ValueError("a\nb")))
    monkeypatch.setattr("tempfile.NamedTemporaryFile", fail(OSError(errno.ENOSPC, "No space left on device")))
    why = "this is a bug, and its traceback can't be kept (No space left on device): ValueError: a\\nb"
    assert cli("compile") == (70, "", f"safeshell: {why}\n")
