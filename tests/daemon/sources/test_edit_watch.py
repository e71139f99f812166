"""Edits that no command tells of: in force all the same, and their shims made; a broken one is told to the next."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import MARKER, Daemon, running_daemon, until, write

from safeshell.client import execute
from safeshell.home.paths import Home

RULES = "version: 1\nrules:\n  - {name: a, commands: [first], action: deny, message: That is denied.}\n"
MORE = RULES.replace("[first]", "[first, second]")

pytestmark = pytest.mark.rules(RULES)


@pytest.fixture
def watching(home: Home, tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that watches, once it has made the shim of one of two programs."""
    for name in ("first", "second"):
        write(str(tmp_path / "bin" / name), "#!/bin/sh\n", 0o755)
    with running_daemon(home, makes_shims=True) as daemon:
        execute(["first"], env={"PATH": f"{tmp_path}/bin"}, home=home)
        until(lambda: os.path.exists(f"{home.shims}/first"), "the first shim")
        yield daemon


def in_place(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


@pytest.mark.parametrize("edit", [write, in_place])
def test_u4_an_edit_is_in_force_without_a_command(watching: Daemon, edit: Callable[[str, str], None]) -> None:
    before = watching.status()
    edit(watching.home.rules, MORE)
    until(lambda: os.path.exists(f"{watching.home.shims}/second"), "the shim of what the edit is about")
    after = watching.status()
    assert after["table"] != before["table"]
    assert after["requests"] == before["requests"]


def test_u4_settings_too(watching: Daemon) -> None:
    write(watching.home.config, f"agents: {{markers: [{MARKER}]}}\nshims: {{extra: [second]}}\n")
    until(lambda: os.path.exists(f"{watching.home.shims}/second"), "the shim that the settings ask for")


def test_u4_a_broken_edit_is_told_to_the_next_command(watching: Daemon, tmp_path: Path) -> None:
    before = watching.status()["reloads"]
    write(watching.home.rules, "version: 1\nrules: nonsense\n")
    until(lambda: watching.status()["error"], "the daemon to find it out")
    done = execute(["first"], env={"PATH": f"{tmp_path}/bin"}, home=watching.home)
    assert "rules.yaml:2:8" in done.message
    assert "the last good rules stay in force" in done.message
    assert watching.status()["reloads"] == before + 2  # and no more, though it stays broken


def test_u14_one_that_loosens_waits_for_a_command_that_tells_who_asks(watching: Daemon, tmp_path: Path) -> None:
    home, env = watching.home, {"PATH": f"{tmp_path}/bin"}

    def edit(rules: str) -> None:
        before = watching.status()["reloads"]
        write(home.rules, rules)
        until(lambda: watching.status()["reloads"] > before, "the daemon to notice it")

    edit(RULES.replace("[first]", "[third]"))
    assert watching.status()["held"] is None
    assert execute(["first"], env={**env, MARKER: "1"}, home=home).returncode == 126
    assert watching.status()["held"]["loosens"]


def test_u14_a_persons_edit_that_loosens_is_in_force_with_their_next_command(watching: Daemon, tmp_path: Path) -> None:
    before = watching.status()["reloads"]
    write(watching.home.rules, RULES.replace("[first]", "[third]"))
    until(lambda: watching.status()["reloads"] > before, "the daemon to notice it")
    assert execute(["first"], env={"PATH": f"{tmp_path}/bin"}, home=watching.home).returncode == 0
