"""`safeshell run`: a command behind the shims."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from harness import PATH, SAFESHELL, Daemon, safeshell, wait_for

from safeshell.client import control
from safeshell.home.paths import Home
from safeshell.protocol import Type

RULES = """\
version: 1
rules:
  - {name: no-precious, commands: [rm], context: ai_only, conditions: [{command_contains: precious}], action: deny,
     message: Precious.}
"""

pytestmark = pytest.mark.rules(RULES)


def test_the_command_is_behind_the_shims_and_an_agents(daemon: Daemon, shims: Home) -> None:
    script = 'echo "$PATH"; echo "$SAFESHELL_CONTEXT"; rm precious; echo $?'
    done = safeshell(shims, "run", "--", "sh", "-c", script)
    path, context, status = done.stdout.splitlines()
    assert path == f"{shims.shims}:{PATH}"
    assert (context, status, done.returncode) == ("ai", "126", 0)
    assert "denied by rule no-precious" in done.stderr
    assert daemon.status()["requests"]["deny"] == 1


def test_the_shims_are_on_path_once_however_often_it_runs(daemon: Daemon, shims: Home) -> None:
    done = safeshell(shims, "run", "--", SAFESHELL, "run", "--", "sh", "-c", 'echo "$PATH"')
    assert done.stdout == f"{shims.shims}:{PATH}\n"
    assert daemon.status()["running"] == 0


@pytest.mark.needs("bash")
def test_a_login_shell_is_behind_the_shims_too(daemon: Daemon, shims: Home, tmp_path: Path) -> None:
    (tmp_path / ".bash_profile").write_text("PATH=/usr/bin:/bin\n", encoding="utf-8")
    for script in ("rm precious", "bash -lc 'rm precious'; exit $?", "exec bash -lc 'bash -c \"rm precious\"'"):
        assert safeshell(shims, "run", "--", "bash", "-lc", script, env={"HOME": str(tmp_path)}).returncode == 126
    assert daemon.status()["requests"]["deny"] == 3


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 42", 42), ("kill -TERM $$", -15)])
def test_the_exit_status_is_the_commands(daemon: Daemon, shims: Home, script: str, status: int) -> None:
    assert safeshell(shims, "run", "--", "sh", "-c", script).returncode == status
    assert daemon.pid


def test_its_options_are_the_commands(daemon: Daemon, shims: Home) -> None:
    assert safeshell(shims, "run", "echo", "--help", "-x").stdout == "--help -x\n"
    assert daemon.pid


def test_what_is_not_there_or_cannot_run_is_said(daemon: Daemon, shims: Home) -> None:
    done = safeshell(shims, "run", "--", "no-such-command")
    assert (done.returncode, done.stderr) == (127, "safeshell: no-such-command: command not found\n")
    bad = os.path.join(shims.root, "bad")
    with open(bad, "w", encoding="utf-8") as stream:
        stream.write("#!/no/such/interpreter\n")
    os.chmod(bad, 0o755)
    done = safeshell(shims, "run", "--", bad)
    assert (done.returncode, done.stderr) == (126, f"safeshell: {bad}: No such file or directory\n")
    assert daemon.pid


def test_the_daemon_is_started_where_none_runs(shims: Home) -> None:
    assert safeshell(shims, "run", "--", "echo", "up").stdout == "up\n"
    pid = control(Type.STOP, 2, home=shims)["pid"]
    with contextlib.suppress(ProcessLookupError):
        assert wait_for(pid)


def test_without_shims_it_says_what_to_do(home: Home) -> None:
    done = safeshell(home, "run", "--", "echo")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"safeshell: there are no shims in {home.shims}\n  hint: run `safeshell init`\n"
