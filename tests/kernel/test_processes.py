"""A tree of the kernel tier to who starts it, and to itself: statuses, signals, descriptors, what stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from shlex import quote

import pytest
from e2e.terminal import Terminal
from harness import PATH, PATIENCE_S, SAFESHELL, Daemon, environment, safeshell, until
from kernel.conftest import Strict

from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - {name: no-deed, commands: [touch], conditions: [{command_contains: precious}], action: deny, message: Precious.}
  - name: short
    commands: [sleep]
    conditions: [{command_contains: "77"}]
    action: allow
    timeout: 100ms
    message: Short.
  - name: instead
    commands: [touch]
    conditions: [{command_contains: elsewhere}]
    action: redirect
    redirect_to: touch here
    message: Not there.
"""

pytestmark = [pytest.mark.rules(RULES), pytest.mark.shared]


@pytest.mark.parametrize(
    ("script", "status"),
    [("exit 0", 0), ("exit 42", 42), ("kill -TERM $$", -15), ("kill -KILL $$", -9), ("touch precious", 126)],
)
def test_the_exit_status_is_the_commands(strict: Strict, script: str, status: int) -> None:
    assert strict(script).returncode == status


def test_what_is_not_there_is_said(strict: Strict, shims: Home) -> None:
    done = safeshell(shims, "run", "--strict", "--", "no-such-command")
    assert (done.returncode, done.stderr) == (127, "safeshell: no-such-command: command not found\n")
    done = strict("no-such-command; nosuch/command; echo $?")
    assert done.stdout == "127\n"


def test_path_has_no_shims_and_the_context_is_an_agents(strict: Strict, shims: Home) -> None:
    done = strict('echo "$PATH"; echo "$SAFESHELL_CONTEXT"')
    path, context = done.stdout.splitlines()
    assert shims.shims not in path.split(":")
    assert context == "ai"


def test_inside_it_is_the_kernel_tier_whatever_the_environment_says(strict: Strict, shims: Home) -> None:
    for given in ("", "env -u SAFESHELL_CONTEXT "):
        done = strict(f'{given}"{SAFESHELL}" inside')
        assert done.stdout.splitlines()[0] == "tier     kernel", done.stderr
        assert done.returncode == 0
    assert safeshell(shims, "inside").stdout.splitlines()[0] == "tier     none"


def test_a_denial_is_told_once_however_long_path_is(strict: Strict, daemon: Daemon, place: Path) -> None:
    before = daemon.status()["requests"].get("deny", 0)
    done = strict(
        'mkdir a b; for each in a b; do ln -s "$(command -v touch)" $each/touch; done; '
        'PATH="$PWD/a:$PWD/b:$PATH"; touch precious'
    )
    assert done.stderr.count("denied by rule no-deed") == 1
    assert done.returncode == 126
    assert daemon.status()["requests"]["deny"] == before + 1
    assert not (place / "precious").exists()


def test_what_the_kernel_would_not_run_in_one_directory_runs_in_the_next(strict: Strict) -> None:
    made = 'mkdir a b; : >a/hello; printf "#!/bin/sh\necho it runs\n" >b/hello; chmod +x b/hello; '
    done = strict(f'{made}PATH="$PWD/a:$PWD/b:$PATH" env hello')
    assert done.stdout == "it runs\n", done.stderr


def test_a_redirect_denies_and_names_what_to_run(strict: Strict, place: Path) -> None:
    done = strict("touch elsewhere")
    assert done.returncode == 126
    assert "Not there. Run this instead: touch here" in done.stderr
    assert not (place / "here").exists()


def test_what_a_rule_limits_is_ended(strict: Strict) -> None:
    assert strict("sleep 77; echo $?").stdout == "143\n"


def test_a_pipe_ends_where_its_writers_do(strict: Strict) -> None:
    """The keeper has none of the tree's descriptors: a reader would wait for ever."""
    assert strict("exec >&-; exec 2>&-").stdout == ""
    assert strict("echo a | cat; (echo b; echo c) | wc -l").stdout.split() == ["a", "2"]


def test_the_status_is_told_at_once_and_the_rest_stays_guarded(strict: Strict, place: Path) -> None:
    """What is left behind is kept until it ends."""
    os.mkfifo(place / "go")
    strict("(read x <go; touch precious; touch late) >/dev/null 2>err &")
    assert not (place / "late").exists()
    (place / "go").write_text("x\n", encoding="utf-8")
    until((place / "late").exists, "what stayed behind")
    assert not (place / "precious").exists()
    until(lambda: "denied by rule no-deed" in (place / "err").read_text(encoding="utf-8"), "its words")


def test_a_keeper_within_a_tree_leaves_it_to_the_one_above(strict: Strict, place: Path) -> None:
    done = strict(f'"{SAFESHELL}" run --strict -- sh -c "touch precious; touch fine; exit 3"')
    assert done.returncode == 3
    assert done.stderr.count("denied by rule no-deed") == 1
    assert (place / "fine").exists()
    assert not (place / "precious").exists()


def test_nobody_in_the_tree_listens_in_the_keepers_place(strict: Strict) -> None:
    script = """
import ctypes, errno, sys
libc = ctypes.CDLL(None, use_errno=True)
number = {"x86_64": 317, "aarch64": 277}[sys.argv[1]]
assert libc.syscall(number, 1, 8, None) == -1
print(errno.errorcode[ctypes.get_errno()])
"""
    done = strict('exec "$PYTHON" -c "$SCRIPT" "$(uname -m)"', PYTHON=sys.executable, SCRIPT=script)
    assert done.stdout == "EBUSY\n", done.stderr


def test_a_tree_is_ended_by_a_signal_to_who_started_it(keeper: str, daemon: Daemon, shims: Home, place: Path) -> None:
    assert keeper
    assert daemon.pid
    script = "trap 'echo told; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(
        [SAFESHELL, "run", "--strict", "--", "sh", "-c", script],
        env={**environment(shims), "PATH": PATH},
        cwd=place,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == b"ready\n"
        started.send_signal(signal.SIGTERM)
        assert started.stdout.read() == b"told\n"
        assert started.wait(PATIENCE_S) == 5


@pytest.mark.needs("bash")
def test_a_terminals_keys_reach_the_program(keeper: str, daemon: Daemon, shims: Home, place: Path) -> None:
    assert keeper
    assert daemon.pid
    env = {**environment(shims), "PATH": PATH, "PS1": "$ ", "HOME": str(place)}
    (place / "said").write_text("it runs\n", encoding="ascii")
    with Terminal("bash", "--norc", "-i", env=env, cwd=str(place)) as terminal:
        terminal.expect(r"\$ ")
        terminal.type(f"{quote(SAFESHELL)} run --strict -- sh -c 'cat said -; echo never'\r")
        terminal.expect(r"it runs")  # before that dash may pass over a signal, natively too
        terminal.type("\x03")
        terminal.expect(r"\$ ")
        terminal.type("echo ended $?\r")
        terminal.expect(r"[\r\n]ended 130")
        terminal.type("exit\r")
        assert terminal.process.wait(PATIENCE_S) == 0


def test_programs_of_git_itself_are_parts_of_what_was_judged(strict: Strict) -> None:
    done = strict("git init -q r && cd r && echo x >f && git add f && git status --short")
    assert done.stdout == "A  f\n", done.stderr


def test_without_a_daemon_nothing_begins(keeper: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [keeper, "/bin/echo", "echo", "hello"],
        env={"SAFESHELL_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert (done.returncode, done.stdout) == (126, "")
    assert "can't reach the daemon" in done.stderr
