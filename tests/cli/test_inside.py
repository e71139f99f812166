"""`safeshell inside`: the tier and the context that one is in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import MARKER, PATH, SAFESHELL, Cli, Daemon, safeshell

from safeshell.home.paths import Home


def test_inside_run_it_is_the_shims_and_an_agent(daemon: Daemon, shims: Home) -> None:
    done = safeshell(shims, "run", "--", SAFESHELL, "inside")
    assert (done.returncode, done.stdout) == (0, "tier     shims\ncontext  ai (unknown)\n")
    assert daemon.pid


def test_outside_it_is_none_and_a_person(cli: Cli, shims: Home) -> None:
    assert cli("inside") == (1, "tier     none\ncontext  human\n", "")
    assert shims


def test_the_agent_is_named(cli: Cli, shims: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{shims.shims}:{PATH}")
    monkeypatch.setenv(MARKER, "1")
    done = cli("inside", "--json")
    assert done.status == 0
    assert json.loads(done.out) == {"tier": "shims", "context": "ai", "agent": "unknown", "home": shims.root}


def test_what_an_agent_puts_before_them_matters_by_what_is_in_it(
    cli: Cli, shims: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{shims.shims}:{PATH}")
    assert cli("inside").status == 0
    (tmp_path / "rm").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "rm").chmod(0o755)
    assert cli("inside").status == 1


def test_shims_that_come_later_or_are_none_guard_nothing(
    cli: Cli, home: Home, shims: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{PATH}:{shims.shims}")
    assert cli("inside").status == 1
    monkeypatch.setenv("PATH", f"{home.shims}:{PATH}")
    assert cli("shims", "remove").status == 0
    assert cli("inside").status == 1
