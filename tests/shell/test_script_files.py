"""Files that a line runs are read within limits: regular ones, up to a size, a number, and a time."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from safeshell.shell import script_files
from safeshell.shell.script_files import FILE_MAX, ScriptFiles


def test_a_file_is_shown_as_seen_from_where_the_line_runs(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for path in ("x", "in/y"):
        (tmp_path / path).write_text("rm\n")
    files = ScriptFiles(str(tmp_path / "in"))
    below, above = files.read(str(tmp_path / "in/y")), files.read(str(tmp_path / "x"))
    assert below is not None
    assert above is not None
    assert (below.shown, below.text) == ("y", "rm\n")
    assert above.shown == str(tmp_path / "x")
    assert files.unread == {}


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "round").symlink_to("round")
    files = ScriptFiles(str(tmp_path))
    for path in ("pipe", "round", "missing", "missing/x", ".", "a\0b", "\udc80"):
        assert files.read(os.path.join(tmp_path, path)) is None
    for path in ("/dev/stdin", "/dev/zero", "/proc/self/environ", "/proc/self/fd/0"):
        assert files.read(path) is None
    assert files.unread == {}


def test_a_long_one_is_left_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "most").write_bytes(b"#" * FILE_MAX)
    (tmp_path / "more").write_bytes(b"#" * (FILE_MAX + 1))
    files = ScriptFiles(str(tmp_path))
    assert files.read(str(tmp_path / "most")) is not None
    assert files.read(str(tmp_path / "more")) is None
    assert files.unread == {"more": "it is longer than 1 MiB"}


def test_one_that_may_not_be_read_is_left_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)  # root may read whatever modes say
    files = ScriptFiles(str(tmp_path))
    assert files.read(str(tmp_path / "x")) is None
    assert files.unread == {"x": "it can't be opened: Permission denied"}


def test_one_of_another_kind_is_left_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x7fELF" + bytes(FILE_MAX))
    files = ScriptFiles(str(tmp_path))
    assert files.read(str(tmp_path / "x"), lambda head: head.startswith(b"#!")) is None
    assert files.unread == {}


def test_there_is_an_end_to_their_number_and_their_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / name).write_text("12345")
    monkeypatch.setattr(script_files, "FILES_MAX", 2)
    files = ScriptFiles(str(tmp_path))
    assert [files.read(str(tmp_path / name)) is not None for name in "abca"] == [True, True, False, True]
    assert files.unread == {"c": "2 files were read before it"}
    monkeypatch.setattr(script_files, "TOTAL_MAX", 4)
    files = ScriptFiles(str(tmp_path))
    assert [files.read(str(tmp_path / name)) is not None for name in "ab"] == [True, False]
    assert list(files.unread) == ["b"]


def test_none_is_read_once_their_time_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_text("rm\n")
    files = ScriptFiles(str(tmp_path))
    files.budget.seconds = 0.0
    assert files.read(str(tmp_path / "x")) is None
    assert "100 ms" in files.unread["x"]
    monkeypatch.setattr(script_files, "CLOCK_S", -1.0)
    files = ScriptFiles(str(tmp_path))
    assert files.read(str(tmp_path / "x")) is None
    assert list(files.unread) == ["x"]
