"""`safeshell rules`."""

from __future__ import annotations

import json

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
