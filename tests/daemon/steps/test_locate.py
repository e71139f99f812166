"""Where the caller is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import PATH, Daemon, write

from safeshell.daemon.steps.locate import working_directory


@contextmanager
def opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_PATH)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def where(descriptor: int | None, *, same_view: bool = True) -> bytes | None:
    link = b"/proc/self/cwd" if descriptor is None else b"/proc/self/fd/%d" % descriptor
    return working_directory(link, os.getpid(), same_view=same_view)


def test_it_is_the_kernels_path_with_links_resolved(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with opened(tmp_path / "link") as descriptor:
        assert where(descriptor) == os.fsencode(tmp_path / "real")


def test_without_a_descriptor_it_is_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert where(None) == os.fsencode(tmp_path)


def test_bytes_that_are_no_text_are_kept(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    path.mkdir()
    with opened(path) as descriptor:
        assert where(descriptor) == os.fsencode(path)


def test_a_deleted_directory_has_no_path(tmp_path: Path) -> None:
    path = tmp_path / "gone"
    path.mkdir()
    with opened(path) as descriptor:
        path.rmdir()
        assert where(descriptor) is None


def test_a_directory_that_is_only_called_deleted_has_one(tmp_path: Path) -> None:
    path = tmp_path / "not (deleted)"
    path.mkdir()
    with opened(path) as descriptor:
        assert where(descriptor) == os.fsencode(path)


def test_a_descriptor_of_no_directory_or_none_at_all_has_no_path() -> None:
    reader, writer = os.pipe()
    try:
        assert where(reader) is None
    finally:
        os.close(reader)
        os.close(writer)
    assert where(reader) is None
    assert working_directory(b"/proc/%d/cwd" % (2**22 + 1), 2**22 + 1, same_view=True) is None


def test_in_the_same_root_another_view_has_the_same_path(tmp_path: Path) -> None:
    with opened(tmp_path) as descriptor:
        assert where(descriptor, same_view=False) == os.fsencode(tmp_path)


@pytest.mark.needs("root", "unshare")
def test_rules_that_only_the_caller_sees_refuse_its_command(daemon: Daemon, tmp_path: Path) -> None:
    repository, other = tmp_path / "repository", tmp_path / "other"
    for directory in (repository / ".safeshell", other):
        write(str(directory / "rules.yaml"), "version: 1\nrules: []\n")
        directory.chmod(0o700)
    program = (
        "import sys; from safeshell.client import execute; from safeshell.home.paths import Home;"
        f"done = execute(['true'], env={{'PATH': '{PATH}'}}, home=Home({daemon.home.root!r}));"
        "print(done.returncode, done.message)"
    )

    def run(mount: str) -> str:
        script = f'{mount} && cd "$2" && exec "$3" -c "$4"'
        words = ["unshare", "-m", "sh", "-c", script, "sh", str(other), str(repository), sys.executable, program]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    assert "another mount namespace" in run(":")  # judged, and then for its client to run
    refused = run('mount --bind "$1" "$2/.safeshell"')
    assert refused.startswith("125 ")
    assert f"{repository}/.safeshell/rules.yaml is another file here than for who asks" in refused
