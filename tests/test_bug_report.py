"""What ends a program that nothing else caught: a bug keeps its traceback, a machine that lacks something is a line."""

from __future__ import annotations

import errno
import os
import subprocess

import pytest
from harness import SAFESHELL, Cli

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


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EMFILE, "x", "/a/b\n"), "Too many open files: /a/b\\n"),
        (OSError(errno.EAGAIN, "x"), "Resource temporarily unavailable"),
        (OSError(errno.ENOSPC, "x", b"/a"), "No space left on device: /a"),
        (OSError(errno.EIO, "x", 3), "Input/output error"),
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
