"""Facts of a request: read once, when asked, and undecided where the world does not say."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from safeshell.command.command_line import block
from safeshell.errors import UndecidedError
from safeshell.policy.context import Context
from safeshell.policy.facts import UNDECIDED, GivenFacts, RequestFacts
from safeshell.policy.world import exists


def facts(directory: Path | None, *entries: bytes, descriptor: int | None = None, prefix: bytes = b"") -> RequestFacts:
    path = None if directory is None else os.fsencode(directory)
    return RequestFacts(b"\0" + block(entries), path, Context(), descriptor=descriptor, prefix=prefix)


def test_variables_are_the_environments() -> None:
    found = facts(None, b"A=1", b"AB=2", b"A=3", b"EMPTY=", b"BAD=\xff", b"NOTHING", b"=x")
    assert [found.read(("env", name)) for name in ("A", "AB", "EMPTY", "BAD", "NOTHING", "B")] == [
        "1",
        "2",
        "",
        "\ufffd",
        None,
        None,
    ]


def test_without_a_directory_what_depends_on_it_is_undecided() -> None:
    found = facts(None)
    for key in [("directory",), ("branch",), ("in_repo",), ("file", "x"), ("file", "/etc/passwd")]:
        assert found.read(key) is UNDECIDED
    assert found.read(("ai",)) is False


def test_the_branch_and_the_work_tree_are_the_directorys(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "-b", "topic", tmp_path], check=True)
    inside = tmp_path / "a"
    inside.mkdir()
    assert facts(inside).read(("branch",)) == "topic"
    assert facts(inside).read(("in_repo",)) is True
    assert facts(tmp_path.parent).read(("branch",)) is None
    elsewhere = facts(tmp_path.parent, b"GIT_DIR=" + os.fsencode(tmp_path / ".git"))
    assert elsewhere.read(("branch",)) == "topic"


def test_a_fact_is_read_once(tmp_path: Path) -> None:
    found = facts(tmp_path)
    assert found.read(("file", "x")) is False
    (tmp_path / "x").touch()
    assert found.read(("file", "x")) is False
    assert found.seen == {("file", "x"): False}
    assert facts(tmp_path).read(("file", "x")) is True


def test_files_are_looked_for_where_the_caller_is_even_when_the_path_is_not_there_any_more(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    (first / "x").touch()
    descriptor = os.open(first, os.O_PATH)
    try:
        first.rename(second)
        assert facts(first, descriptor=descriptor).read(("file", "x")) is True
        assert facts(first, descriptor=descriptor).read(("file", str(second / "x"))) is True
    finally:
        os.close(descriptor)
    assert facts(first).read(("file", "x")) is False


def test_another_roots_files_are_undecided(tmp_path: Path) -> None:
    assert facts(tmp_path, prefix=b"/proc/1/root").read(("file", "/etc/passwd")) is UNDECIDED


def test_links_are_followed_and_what_cannot_be_there_is_not(tmp_path: Path) -> None:
    (tmp_path / "to-nothing").symlink_to("nothing")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "file").touch()
    (tmp_path / "to-file").symlink_to("file")
    base = os.fsencode(tmp_path) + b"/"
    assert [exists(base + name) for name in (b"to-nothing", b"circle", b"file/x", b"x" * 300)] == [False] * 4
    assert exists(base + b"to-file")


def test_what_the_file_system_does_not_say_is_undecided(tmp_path: Path) -> None:
    with pytest.raises(UndecidedError) as caught:
        exists(b"x", _closed())
    assert caught.value.reason == "x: Bad file descriptor"
    assert facts(tmp_path, descriptor=_closed()).read(("file", "x")) is UNDECIDED


def _closed() -> int:
    descriptor = os.open("/", os.O_PATH)
    os.close(descriptor)
    return descriptor


def test_given_facts_that_are_not_given_are_absent() -> None:
    given = GivenFacts({("branch",): "main"})
    assert given.read(("branch",)) == "main"
    assert given.read(("file", "x")) is False
    assert given.read(("env", "X")) is None
