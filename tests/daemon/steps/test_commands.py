"""What happens to a command from a shim: refused, run by the daemon, or told to run in place; nobody can tell which."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from harness import MARKER, PATH, Daemon, environment, run, write

from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - {name: here, commands: [sh], action: allow, execution: in_place, message: m, conditions: [{command_contains: HERE}]}
  - {name: brief, commands: [sleep], action: allow, timeout: 100ms, message: m}
  - {name: seen, commands: [sh, ls, cat, env, git], action: allow, message: m}
  - {name: no-ai, commands: [touch], context: ai_only, action: deny, message: "Not you.\\tHm."}
  - {name: no-main, commands: [git], conditions: [{command_contains: push}, {git_branch_in: [main]}], action: deny,
     message: Not on main.}
  - {name: to-trash, commands: [rm], action: redirect, redirect_to: printf '%s|' $ARGS '$HOME', message: Trashed.}
  - {name: to-loop, commands: [unlink], action: redirect, redirect_to: rm $ARGS, message: m}
  - {name: to-nowhere, commands: [rmdir], action: redirect, redirect_to: not-there $ARGS, message: m}
  - {name: to-denied, commands: [shred], action: redirect, redirect_to: git push $ARGS, message: m}
  - {name: no-push, commands: [git], conditions: [{command_contains: push x}], action: deny, message: Not so.}
  - {name: seen-but-free, commands: [ls], observe: true, action: deny, message: m}
"""

pytestmark = pytest.mark.rules(RULES)


def placed(daemon: Daemon) -> dict[str, dict[str, int]]:
    return {place: entry["reasons"] for place, entry in daemon.status()["placement"].items()}


def test_both_placements_give_the_same(daemon: Daemon, shims: Home) -> None:
    script = 'cat; printf "%s|" "$0" "$@"; pwd; umask; echo "$A" >&2; exit 7'
    found = [
        run(shims, "sh", "-c", script, word, "a b", "", "é\n", stdin=b"in\xff", env={"A": "1"})
        for word in ("there", "HERE!")
    ]
    outputs = [done.stdout.replace(b"HERE!", b"there") for done in found]
    assert outputs[0] == outputs[1]
    assert outputs[0].startswith("in\udcffthere|a b||é\n|".encode("utf-8", "surrogateescape"))
    assert [(done.returncode, done.stderr) for done in found] == [(7, b"1\n")] * 2
    ours = placed(daemon)
    assert ours["daemon"][""] >= 1
    assert ours["in_place"]["execution: in_place"] == 1


def test_a_child_of_the_daemon_has_the_callers_descriptors_and_no_others(daemon: Daemon, shims: Home) -> None:
    assert run(shims, "sh", "-c", "echo /proc/$$/fd/*").stdout.split() != []
    found = run(shims, "ls", "/proc/self/fd").stdout.split()
    assert found == [b"0", b"1", b"2", b"3"]  # 3 is what ls reads the directory through
    assert "in_place" not in placed(daemon)


def test_more_descriptors_are_a_reason_for_in_place(daemon: Daemon, shims: Home) -> None:
    reader, writer = os.pipe()
    try:
        done = subprocess.run(
            ["sh", "-c", f"echo through > /proc/self/fd/{writer}"],
            env=environment(shims),
            stdin=subprocess.DEVNULL,
            pass_fds=[writer],
            start_new_session=True,
            check=True,
            capture_output=True,
        )
        assert (done.stderr, os.read(reader, 100)) == (b"", b"through\n")
    finally:
        os.close(reader)
        os.close(writer)
    assert placed(daemon)["in_place"] == {"open descriptors": 1}


@pytest.mark.parametrize("env", [{MARKER: "1"}, {"SAFESHELL_CONTEXT": "ai"}])
def test_an_agent_is_told_by_its_environment(daemon: Daemon, shims: Home, tmp_path: Path, env: dict[str, str]) -> None:
    done = run(shims, "touch", str(tmp_path / "x"), env=env)
    assert (done.returncode, done.stdout) == (126, b"")
    assert done.stderr.decode() == f"safeshell: denied by rule no-ai ({daemon.home.rules}:6): Not you.\\tHm.\n"
    assert not (tmp_path / "x").exists()
    assert run(shims, "touch", str(tmp_path / "x")).returncode == 0
    assert (tmp_path / "x").exists()


def test_the_branch_is_the_directorys(daemon: Daemon, shims: Home, tmp_path: Path) -> None:
    for branch in ("main", "topic"):
        subprocess.run(["git", "init", "-q", "-b", branch, tmp_path / branch], check=True)
    (tmp_path / "topic/main").symlink_to(tmp_path / "main")
    assert run(shims, "git", "push", cwd=str(tmp_path / "main")).returncode == 126
    assert run(shims, "git", "push", cwd=str(tmp_path / "topic/main")).returncode == 126
    assert run(shims, "git", "push", cwd=str(tmp_path / "topic")).returncode == 128
    assert daemon.status()["requests"]["deny"] == 2


@pytest.mark.parametrize("argument", ["2", "2.0"])
def test_a_timeout_ends_the_command_with_124(daemon: Daemon, shims: Home, argument: str) -> None:
    done = run(shims, "sleep", f"{argument}0")
    assert (done.returncode, done.stdout) == (124, b"")
    assert daemon.status()["running"] == 0


def test_a_redirect_runs_its_target_with_the_arguments_as_they_were(
    daemon: Daemon, shims: Home, tmp_path: Path
) -> None:
    file = tmp_path / "x y;z"
    file.touch()
    done = run(shims, "rm", "-f", "", str(file))
    assert (done.returncode, done.stdout) == (0, f"-f||{file}|$HOME|".encode())
    assert b"redirected by rule to-trash" in done.stderr
    assert b"Trashed." in done.stderr
    assert file.exists()
    assert daemon.status()["requests"]["redirect"] == 1


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["unlink", "x"], b"redirects again"),
        (["rmdir", "x"], b"not-there, which is not there"),
        (["shred", "x"], b"rule no-push"),
    ],
)
def test_a_redirect_to_what_may_not_run_is_denied(
    daemon: Daemon, shims: Home, command: list[str], reason: bytes
) -> None:
    done = run(shims, *command)
    assert (done.returncode, done.stdout) == (126, b"")
    assert reason in done.stderr
    assert daemon.status()["requests"]["redirect"] == 1


def test_a_rule_that_only_observes_stops_nothing(daemon: Daemon, shims: Home) -> None:
    assert run(shims, "ls", "/").returncode == 0
    assert daemon.status()["requests"]["allow"] == 1


def test_the_real_program_is_looked_up_where_the_caller_is(daemon: Daemon, shims: Home, tmp_path: Path) -> None:
    write(str(tmp_path / "bin/ls"), "#!/bin/sh\necho mine $0\n", mode=0o755)
    done = run(shims, "ls", cwd=str(tmp_path), env={"PATH": f"{shims.shims}:bin:{PATH}"})
    assert done.stdout == b"mine bin/ls\n"
    assert daemon.status()["requests"]["total"] == 1


def test_a_shim_without_a_program_behind_it_is_127(daemon: Daemon, shims: Home) -> None:
    done = run(shims, "ls", env={"PATH": shims.shims})
    assert (done.returncode, done.stderr) == (127, b"safeshell: ls: command not found\n")
    assert daemon.status()["running"] == 0


def test_commands_within_commands_are_judged_too(daemon: Daemon, shims: Home, tmp_path: Path) -> None:
    done = run(shims, "sh", "-c", f"sh -c 'touch {tmp_path}/x'; echo $?", env={MARKER: "1"})
    assert done.stdout == b"126\n"
    assert daemon.status()["requests"] == {"total": 3, "allow": 2, "deny": 1}
