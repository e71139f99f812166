"""Shimmed wrappers behave as they do natively, and what they run is judged before they start."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from harness import PATH, Daemon, environment, run

from safeshell.command.programs.wrappers import TAKEN_OFF
from safeshell.home.paths import Home
from safeshell.install.shims import list_shims

RULES = """\
version: 1
rules:
  - name: no-precious
    commands: [touch]
    conditions: [{command_contains: precious}]
    action: deny
    message: That is precious.
"""

pytestmark = pytest.mark.rules(RULES)


@pytest.mark.parametrize(
    "argv",
    [
        ["env", "-i", "A=1", "PATH=/usr/bin:/bin", "env"],
        ["env", "-C", "/", "pwd"],
        ["env", "-S", "printf '%s|' a 'b c'", "d"],
        ["env", "no-such-program"],
        ["env", "--nonsense"],
        ["timeout", "9", "sh", "-c", "exit 7"],
        ["timeout", "0.05", "sleep", "9"],
        ["nice", "-n", "3", "nice"],
        ["nohup", "echo", "x"],
        ["stdbuf", "-oL", "echo", "x"],
        ["xargs", "-n1", "echo", "got"],
        ["setsid", "-w", "sh", "-c", "exit 3"],
    ],
)
@pytest.mark.shared
def test_wrappers_behave_as_without_shims(daemon: Daemon, shims: Home, argv: list[str]) -> None:
    assert daemon.status()["pid"] == daemon.pid
    stdin = b"a\nb c\n"
    guarded = run(shims, *argv, stdin=stdin)
    native = subprocess.run(
        argv, env={**environment(shims), "PATH": PATH}, cwd=shims.root, input=stdin, capture_output=True, check=False
    )
    assert (guarded.returncode, guarded.stdout) == (native.returncode, native.stdout)
    assert guarded.stderr == native.stderr


@pytest.mark.parametrize(
    "argv",
    [
        ["env", "touch", "precious"],
        ["env", "-i", "/usr/bin/touch", "precious"],
        ["timeout", "9", "nice", "/usr/bin/touch", "precious"],
        ["xargs", "/usr/bin/touch", "precious"],
    ],
)
def test_what_a_wrapper_would_run_is_denied_before_it_starts(
    daemon: Daemon, shims: Home, tmp_path: Path, argv: list[str]
) -> None:
    done = run(shims, *argv, cwd=str(tmp_path))
    assert (done.returncode, done.stdout) == (126, b"")
    assert b"no-precious" in done.stderr
    assert os.listdir(tmp_path) == []
    assert daemon.status()["requests"] == {"total": 1, "deny": 1}


@pytest.mark.shared
def test_installed_wrappers_are_shimmed_with_any_command(shims: Home) -> None:
    found = set(list_shims(shims))
    assert {"touch", "env", "timeout"} <= found
    assert found <= {"touch", *TAKEN_OFF}


@pytest.mark.rules("version: 1\nrules:\n  - {name: a, commands: [no-such-program], action: deny, message: m}\n")
def test_where_nothing_is_shimmed_no_wrapper_is(shims: Home) -> None:
    assert list_shims(shims) == []


@pytest.mark.config("shims: {except: [env]}\n")
def test_a_wrapper_can_be_left_out(shims: Home) -> None:
    assert "env" not in list_shims(shims)
    assert "timeout" in list_shims(shims)


GIT_RULES = """\
version: 1
rules:
  - name: no-force
    commands: [git]
    conditions: [{command_matches: '^git push .*--force'}]
    action: deny
    message: Not by force.
"""


@pytest.mark.rules(GIT_RULES)
def test_an_alias_is_judged_as_it_is_now(daemon: Daemon, shims: Home, tmp_path: Path) -> None:
    def git(*words: str) -> int:
        return run(shims, "git", *words, cwd=str(tmp_path)).returncode

    assert git("init", "-q", ".") == 0
    for _ in range(2):
        assert git("config", "alias.p", "push --force") == 0
        assert git("p", "origin") == 126
        assert git("-C", ".", "p") == 126
        assert git("config", "alias.p", "status --short") == 0
        assert git("p") == 0
    assert daemon.status()["requests"] == {"total": 11, "allow": 7, "deny": 4}
