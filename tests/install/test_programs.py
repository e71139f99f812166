"""Looking for programs: what is found, what does not answer, and what that costs the rest."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from harness import write

from safeshell.install import programs
from safeshell.install.programs import HUNG_MAX, installed


def program(path: Path, mode: int = 0o755) -> None:
    write(str(path), "#!/bin/sh\n", mode)


def test_u4_what_may_be_executed_is_found_along_all_directories(tmp_path: Path) -> None:
    for number in range(450):  # more than one message
        program(tmp_path / f"a/many{number}")
    program(tmp_path / "b/one")
    program(tmp_path / "b/plain", 0o644)
    (tmp_path / "b/directory").mkdir()
    os.symlink("one", tmp_path / "b/link")
    os.symlink("nothing", tmp_path / "b/dangling")
    program(tmp_path / "b/not-asked")
    program(tmp_path / os.fsdecode(b"b/\xff"))
    places = [f"{tmp_path}/a", f"{tmp_path}/none", f"{tmp_path}/b/one", f"{tmp_path}/b"]
    found = installed(places, lambda name: name != "not-asked")
    assert found.names == {*(f"many{number}" for number in range(450)), "one", "link", os.fsdecode(b"\xff")}
    assert (found.unread, found.descriptors) == ((), ())


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory whose name has `hung` in it doesn't answer."""
    monkeypatch.setattr(programs, "ANSWER_S", 0.2)
    scandir, paths = os.scandir, dict[int, str]()

    def opened(path: str, flags: int) -> int:
        descriptor = os.open(path, flags)
        paths[descriptor] = path
        return descriptor

    def look(descriptor: int) -> object:
        if "hung" in paths[descriptor]:
            signal.pause()
        return scandir(descriptor)

    class Os:
        """The module, with a file system that hangs."""

        scandir = staticmethod(look)
        open = staticmethod(opened)

        def __getattr__(self, name: str) -> object:
            return getattr(os, name)

    monkeypatch.setattr(programs, "os", Os())


@pytest.mark.usefixtures("hanging")
def test_u4_a_directory_that_does_not_answer_keeps_no_other_from_it(tmp_path: Path) -> None:
    for name in ("a", "hung", "b"):
        program(tmp_path / name / f"in-{name}")
    places = [f"{tmp_path}/{name}" for name in ("a", "hung", "b")]
    found = installed(places, lambda _name: True, hand_over=5)
    assert found.names == {"in-a", "in-b"}
    assert found.unread == (places[1],)
    assert [os.readlink(f"/proc/self/fd/{descriptor}") for descriptor in found.descriptors] == [places[0], places[2]]
    for descriptor in found.descriptors:
        os.close(descriptor)


@pytest.mark.usefixtures("hanging")
def test_u4_where_several_hang_the_rest_is_given_up(tmp_path: Path) -> None:
    places = [f"{tmp_path}/hung{number}" for number in range(HUNG_MAX)]
    for place in places:
        program(Path(place, "x"))
    program(tmp_path / "b/one")
    found = installed([*places, f"{tmp_path}/b"], lambda _name: True)
    assert not found.names
    assert found.unread == (*places, f"{tmp_path}/b")
