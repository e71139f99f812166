"""`safeshell rules`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Cli

from safeshell.command.programs.wrappers import TAKEN_OFF


def test_wrappers_says_what_each_takes(cli: Cli) -> None:
    status, out, err = cli("rules", "wrappers")
    assert (status, err) == (0, "")
    lines = {line.split("  ")[0]: line for line in out.splitlines()}
    assert "taken off" in lines["env"]
    assert "a command" in lines["docker exec"]
    assert "in lines only: it runs elsewhere" in lines["docker exec"]
    assert "a text behind -c" in lines["su"]
    assert "a command behind --" in lines["op run"]
    assert "no shim sees it" in lines["sudo"]


def test_wrappers_as_json_has_all_that_are_taken_off(cli: Cli) -> None:
    found = json.loads(cli("rules", "wrappers", "--json").out)
    assert {entry["wrapper"] for entry in found if entry["taken_off"]} == TAKEN_OFF
    assert all(entry["takes"] for entry in found)
    assert all((entry["why_not"] is None) is entry["taken_off"] for entry in found)


def test_places_says_what_they_are_here(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "two words" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "two words")
    monkeypatch.setenv("HOME", str(tmp_path))
    found = json.loads(cli("rules", "places", "--json").out)
    assert list(found) == ["@home", "@project", "@temporary", "@system"]
    assert str(tmp_path) in found["@home"]["paths"]
    assert found["@project"] == {"paths": [str(tmp_path / "two words")], "but": []}
    status, out, err = cli("rules", "places")
    assert (status, err) == (0, "")
    assert f"@project    '{tmp_path}/two words'" in out
    assert "/var/tmp" in found["@system"]["but"]
    monkeypatch.chdir("/")
    assert "@project    nothing is inside\n" in cli("rules", "places").out
