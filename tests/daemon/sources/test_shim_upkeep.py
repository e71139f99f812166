"""Shims made by the daemon, as its tables dispatch, over the PATHs of its callers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Daemon, run, running_daemon, until, write

from safeshell.client import execute
from safeshell.home.paths import Home
from safeshell.install.shims import list_shims, remove, sync

RULES = """\
version: 1
rules:
  - {name: a, commands: [first], action: deny, message: That is denied.}
"""

MORE = RULES + "  - {name: b, commands: [second, 'third*', ls], action: deny, message: That is denied.}\n"

pytestmark = pytest.mark.rules(RULES)


class World:
    """A home with a daemon that makes its shims, and a directory of programs on its callers' PATH."""

    def __init__(self, home: Home, daemon: Daemon, programs: Path) -> None:
        self.home, self.daemon, self.programs = home, daemon, programs
        self.path = f"{home.shims}:{programs}"

    def install(self, *names: str) -> None:
        for name in names:
            write(str(self.programs / name), "#!/bin/sh\necho ran\n", 0o755)

    def ask(self, path: str = "", directory: str = "/") -> None:
        """Has the daemon decide a command of a caller with this PATH."""
        before = os.getcwd()
        os.chdir(directory)
        try:
            execute(["first"], env={"PATH": path or self.path}, home=self.home)
        finally:
            os.chdir(before)

    def wait(self, *names: str) -> None:
        until(lambda: list_shims(self.home) == list(names), f"the shims to be {names}: {list_shims(self.home)}")

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.daemon.status()["shims"]
        return found


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The directory."""
    write(str(tmp_path / "programs/first"), "#!/bin/sh\necho ran\n", 0o755)
    return tmp_path / "programs"


@pytest.fixture
def world(home: Home, programs: Path) -> Iterator[World]:
    """Once the daemon has heard of that PATH."""
    with running_daemon(home, makes_shims=True) as daemon:
        made = World(home, daemon, programs)
        made.ask()
        made.wait("first")
        yield made


def test_u4_a_rule_gets_its_shims_as_soon_as_it_is_in_force(world: World) -> None:
    world.install("second", "third1", "other")
    write(world.home.rules, MORE)
    world.ask()
    world.wait("first", "second", "third1")  # not ls, which is on the daemon's own PATH alone
    done = run(world.home, "second", env={"PATH": world.path})
    assert (done.returncode, b"That is denied." in done.stderr) == (126, True)
    write(world.home.rules, RULES)
    world.ask()
    world.wait("first")


@pytest.mark.rules(MORE)
def test_u4_a_program_gets_its_shim_as_soon_as_it_is_installed(world: World) -> None:
    world.install("third2")
    world.wait("first", "third2")
    world.install("other", "second")
    world.wait("first", "second", "third2")
    aside = world.programs / ".aside"
    aside.write_text("#!/bin/sh\n")
    aside.rename(world.programs / "third3")  # which may not be executed yet
    (world.programs / "third3").chmod(0o755)
    world.wait("first", "second", "third2", "third3")


@pytest.mark.rules(MORE)
def test_u4_each_callers_path_counts_and_stays_known(world: World, tmp_path: Path) -> None:
    write(str(tmp_path / "elsewhere/second"), "#!/bin/sh\n", 0o755)
    write(str(tmp_path / "work/bin/third1"), "#!/bin/sh\n", 0o755)
    world.ask(f":.:bin:../work/bin:{tmp_path}/elsewhere:{world.programs}", f"{tmp_path}/work")
    world.wait("first", "second")  # what isn't absolute is about no place in particular
    remove(world.home, ["second"])
    sync(world.home)
    assert "second" in list_shims(world.home)  # a person's `shims sync` knows of it, too


@pytest.mark.rules(MORE)
def test_u4_one_goes_only_where_no_rule_asks_for_it(world: World) -> None:
    world.install("second")
    world.wait("first", "second")
    (world.programs / "second").unlink()
    world.install("third1")
    world.wait("first", "second", "third1")
    write(world.home.rules, RULES)
    world.ask()
    world.wait("first")


def test_u4_a_repositorys_rules_get_theirs(world: World, tmp_path: Path) -> None:
    work = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", work], check=True)
    world.install("third1", "second")
    os.mkdir(work / ".safeshell", 0o700)
    write(str(work / ".safeshell/rules.yaml"), RULES.replace("first", "third*"))
    world.ask(directory=str(work))
    world.wait("first", "third1")
    assert run(world.home, "third1", env={"PATH": world.path}, cwd=str(work)).returncode == 126


@pytest.mark.rules(MORE)
@pytest.mark.config("shims: {sync: manual}\n")
def test_u4_by_hand_where_that_is_wanted(home: Home, programs: Path) -> None:
    with running_daemon(home, makes_shims=True) as daemon:
        world = World(home, daemon, programs)
        world.ask()
        assert world.status()["sync"] == "manual"
        assert not os.path.exists(home.shims)
        write(home.config, "shims: {except: [first]}\n")
        world.install("second")
        world.ask()
        world.wait("second")
        assert world.status()["sync"] == "automatic"


@pytest.mark.rules(MORE)
def test_u4_what_a_person_removed_stays_removed(world: World) -> None:
    remove(world.home, ["first"])
    world.install("second")
    world.wait("second")
    until(lambda: world.status()["lacking"] == ["first"], "the daemon to say so")
    remove(world.home)
    world.install("third1")
    write(world.home.rules, RULES)
    world.ask()
    until(lambda: world.status()["count"] == 0, "the daemon to look")
    assert list_shims(world.home) == []


def test_u15_the_daemon_mends_what_was_damaged_while_it_was_away(home: Home, programs: Path) -> None:
    with running_daemon(home, makes_shims=True) as daemon:
        world = World(home, daemon, programs)
        world.ask()
        world.wait("first")
    shim = Path(home.shims, "first")
    shim.chmod(0o755)
    shim.write_bytes(b"")
    with running_daemon(home, makes_shims=True):
        world.wait("first")


def test_u4_a_failure_is_said_and_keeps_no_command(world: World) -> None:
    os.rename(world.home.shims, f"{world.home.shims}.aside")
    Path(world.home.shims).touch()
    world.install("second")
    found = until(lambda: world.status()["error"], "the daemon to fail")
    assert found.startswith(f"can't write {world.home.shims}")
    assert execute(["first"], env={"PATH": world.path}, home=world.home).returncode == 126


def test_u4_a_strangers_file_is_let_alone_and_said(world: World) -> None:
    mine = Path(world.home.shims, "second")
    mine.write_text("mine")
    world.install("second")
    write(world.home.rules, MORE)
    world.ask()
    until(lambda: world.status()["lacking"] == ["second"], "the daemon to say so")
    assert mine.read_text() == "mine"
