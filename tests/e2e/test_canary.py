"""The canary: answered by whoever is asked, run by nobody, and counted nowhere."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness import MARKER, PATH, Daemon, environment, until
from hooks.envelopes import claude
from needs import need

from safeshell.client import evaluate, execute
from safeshell.command import canary
from safeshell.home.paths import Home
from safeshell.install.native import native_hook
from safeshell.install.shims import sync

pytestmark = pytest.mark.config(f"audit: all\nagents: {{markers: [{MARKER}]}}\n")


def run(home: Home, *argv: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**environment(home), "PATH": f"{home.shims}:{PATH}", MARKER: "1", **variables}
    return subprocess.run(
        argv, executable=os.path.join(home.shims, "env"), env=env, capture_output=True, check=False, text=True
    )


def counted(daemon: Daemon) -> dict[str, Any]:
    found = daemon.status()
    return {
        name: found[name] for name in ("requests", "placement", "cache", "audit", "agents", "observed", "hooks")
    } | {"files": sorted(os.listdir(daemon.home.root))}


@pytest.mark.parametrize("client", ["native", "bash"])
def test_a_shim_is_told_which_daemon_was_asked_and_nothing_is_counted(
    shims: Home, daemon: Daemon, client: str, tmp_path: Path
) -> None:
    if client == "bash":
        need("nc|socat")
        sync(shims, "bash")
    trace = tmp_path / "ran"
    planted = tmp_path / "safeshell-canary"
    planted.write_text(f"#!/bin/sh\ntouch {trace}\n")
    planted.chmod(0o755)
    before = counted(daemon)
    assert not before["agents"]
    for _ in range(3):  # an answer that is given twice may be kept
        done = run(shims, *canary.ARGV, PATH=f"{shims.shims}:{tmp_path}:{PATH}")
        assert (done.returncode, done.stdout) == (126, "")
        assert done.stderr == f"safeshell: {canary.answer(shims.root)}\n"
    assert not trace.exists()
    assert counted(daemon) == before


@pytest.mark.parametrize(
    "argv", [("env", "A=1", "safeshell-canary"), ("env", "safeshell-canary", "x"), ("env", "-i", "ls")]
)
def test_what_is_only_like_one_is_a_command_as_any(shims: Home, daemon: Daemon, argv: tuple[str, ...]) -> None:
    done = run(shims, *argv)
    assert "canary has reached" not in done.stderr
    until(lambda: daemon.status()["audit"]["seq"] == 1, "its record")


def test_a_hook_tells_its_agent_and_nothing_is_counted(daemon: Daemon) -> None:
    program = native_hook()
    if program is None:
        need("cc")
    before = counted(daemon)
    envelope = json.dumps(claude()(canary.LINE, "/")).encode()
    done = subprocess.run(
        [str(program), "claude-code"],
        input=envelope,
        env=environment(daemon.home),
        capture_output=True,
        check=False,
        cwd="/",
    )
    told = json.loads(done.stdout)["hookSpecificOutput"]
    assert told["permissionDecision"] == "deny"
    assert told["permissionDecisionReason"] == f"safeshell: {canary.answer(daemon.home.root)}"
    after = counted(daemon)
    assert after.pop("hooks") == {"claude-code": {"asked": 0, "unknown": None}}
    before.pop("hooks")
    assert after == before


def test_who_only_asks_what_would_be_decided_is_told_that(daemon: Daemon) -> None:
    assert evaluate(canary.ARGV, env={"PATH": PATH}, home=daemon.home)["decision"] == "allow"
    assert execute(canary.ARGV, env={"PATH": PATH}, home=daemon.home).returncode == 126
