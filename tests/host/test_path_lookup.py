"""The real program behind a command's name: along PATH, past shims of any home."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from safeshell.host.path_lookup import SHIM_MARKER, Programs, named_by_path


def program(path: Path, content: bytes = b"#!/bin/sh\n", mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def find(name: str, *elements: str | Path, directory: Path = Path("/")) -> tuple[str | None, bool]:
    path = ":".join(map(str, elements)).encode()
    found, forbidden = Programs().find(name.encode(), path, os.fsencode(directory))
    return None if found is None else os.fsdecode(found), forbidden


def test_the_first_on_path_is_found(tmp_path: Path) -> None:
    first, second = program(tmp_path / "a/x"), program(tmp_path / "b/x")
    assert find("x", tmp_path / "none", tmp_path / "a", tmp_path / "b") == (str(first), False)
    assert find("x", tmp_path / "b", tmp_path / "a") == (str(second), False)
    assert find("y", tmp_path / "a") == (None, False)


def test_shims_are_passed_over_by_what_they_are(tmp_path: Path) -> None:
    shim = program(tmp_path / "shims/x", b"\x7fELF" + SHIM_MARKER)
    os.link(shim, tmp_path / "copy")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/x").symlink_to(shim)
    real = program(tmp_path / "bin/x")
    assert find("x", tmp_path / "shims", tmp_path / "linked", tmp_path / "bin") == (str(real), False)
    assert find("x", tmp_path / "shims") == (None, False)


def test_directories_pipes_and_what_may_not_be_executed_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a/x").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b/x", 0o755)
    program(tmp_path / "c/x", mode=0o644)
    (tmp_path / "d").mkdir()
    (tmp_path / "d/x").symlink_to("nothing")
    elements = [tmp_path / name for name in "abcd"]
    assert find("x", *elements) == (None, True)
    assert find("x", *elements, program(tmp_path / "e/x").parent) == (str(tmp_path / "e/x"), False)
    assert find("x", tmp_path / "a", tmp_path / "d") == (None, False)


@pytest.mark.parametrize(("element", "spelled"), [("bin", "bin/x"), ("", "./x"), (".", "./x"), ("./bin/", "./bin//x")])
def test_a_relative_element_keeps_its_spelling(tmp_path: Path, element: str, spelled: str) -> None:
    program(tmp_path / "x")
    program(tmp_path / "bin/x")
    assert find("x", element, directory=tmp_path) == (spelled, False)


class Notes:
    """A recorder of what a search read."""

    def __init__(self) -> None:
        self.read: list[tuple[str, str]] = []

    def not_executable(self, path: bytes) -> None:
        self.read.append(("not executable", os.fsdecode(path)))

    def program(self, path: bytes, status: os.stat_result) -> None:
        self.read.append((stat.filemode(status.st_mode)[:4], os.fsdecode(path)))


def test_what_was_read_on_the_way_is_told(tmp_path: Path) -> None:
    program(tmp_path / "b/x", mode=0o644)
    (tmp_path / "c/x").mkdir(parents=True)
    program(tmp_path / "d/x", SHIM_MARKER)
    program(tmp_path / "e/x")
    program(tmp_path / "f/x")
    notes = Notes()
    path = os.fsencode(":".join(["a", *(str(tmp_path / name) for name in "bcdef")]))
    found, _ = Programs().find(b"x", path, os.fsencode(tmp_path), notes)
    assert found == os.fsencode(tmp_path / "e/x")
    assert notes.read == [
        ("not executable", "a/x"),
        ("not executable", f"{tmp_path}/b/x"),
        ("drwx", f"{tmp_path}/c/x"),
        ("-rwx", f"{tmp_path}/d/x"),
        ("-rwx", f"{tmp_path}/e/x"),
    ]


def test_without_a_path_it_is_the_systems() -> None:
    assert Programs().find(b"sh", None, b"/")[0] == b"/bin/sh"
    assert Programs().find(b"", None, b"/") == (None, False)
    assert Programs().find(b"..", None, b"/") == (None, False)


def test_a_file_that_changes_is_looked_at_again(tmp_path: Path) -> None:
    programs = Programs()
    path = program(tmp_path / "x", b"x" * 10 + SHIM_MARKER)
    assert programs.is_shim(os.fsencode(path), path.stat())
    os.utime(path, ns=(1, 1))
    path.write_bytes(b"y" * len(path.read_bytes()))
    os.utime(path, ns=(2, 2))
    assert not programs.is_shim(os.fsencode(path), path.stat())


def test_a_large_program_is_not_read(tmp_path: Path) -> None:
    path = program(tmp_path / "x", b"x" * (300 << 10) + SHIM_MARKER)
    assert not Programs().is_shim(os.fsencode(path), path.stat())


@pytest.mark.parametrize(
    "name", [b"cc", b"g++", b"x86_64-linux-gnu-gcc-12", b"python3", b"python3.11", b"pdflatex", b"emacs"]
)
def test_what_looks_itself_up_is_told_its_path(name: bytes) -> None:
    assert named_by_path(name, b"/v/bin/" + name, name + b"\0-c\0\0") == b"/v/bin/" + name + b"\0-c\0\0"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        (b"cat", b"cat\0x\0"),
        (b"cc", b"other\0"),
        (b"cc", b"/usr/bin/cc\0"),
        (b"accept", b"accept\0"),
        (b"cc", b"ccc\0"),
    ],
)
def test_argv0_is_else_as_given(name: bytes, arguments: bytes) -> None:
    assert named_by_path(name, b"/usr/bin/" + name, arguments) is arguments
