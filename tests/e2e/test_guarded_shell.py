"""The guarded shell for real: `safeshell-sh`, a daemon, and the shells that it becomes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from e2e.test_hooks import PIN, person, waiting
from harness import MARKER, PATH, Daemon, enroll, environment, until
from needs import need

from safeshell.client import approvals
from safeshell.home.paths import Home
from safeshell.install import guarded_shell
from safeshell.install.native import native_shell

RULES = """\
version: 1
rules:
  - {name: precious, commands: [rm], conditions: [{command_contains: precious}], action: deny, message: Precious.}
  - {name: ask, commands: [touch], conditions: [{command_contains: secret}], action: require_approval, message: Ask.}
  - {name: no-bash, commands: [bash], conditions: [{command_contains: --rcfile}], action: deny, message: Not so.}
  - name: trash
    commands: [rm]
    conditions: [{command_contains: build}]
    action: redirect
    redirect_to: echo instead
    message: Moved.
"""

pytestmark = [pytest.mark.rules(RULES), pytest.mark.needs("bash")]

Ran = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def sh(daemon: Daemon) -> Ran:
    """Runs the guarded shell, or a link to it, with these arguments."""
    if native_shell() is None:
        need("cc")

    def run(*words: str, by: str = "bash", **variables: str) -> subprocess.CompletedProcess[str]:
        path = guarded_shell.install(daemon.home, by)
        env = {**environment(daemon.home), "PATH": PATH, **variables}
        return subprocess.run(
            [path, *words],
            env=env,
            cwd=daemon.home.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            timeout=60,
            check=False,
        )

    return run


def denied(daemon: Daemon) -> str:
    return f"safeshell: denied by rule precious ({daemon.home.rules}:3): Precious.\n"


@pytest.mark.parametrize("options", ["-c", "-lc", "-l -c", "-ec", "-O extglob -c", "--norc --noprofile -c"])
def test_a_line_is_judged_before_it_runs(sh: Ran, daemon: Daemon, options: str) -> None:
    done = sh(*options.split(), "echo ran; cd /tmp && /bin/rm -f precious")
    assert (done.returncode, done.stdout, done.stderr) == (126, "", denied(daemon))
    done = sh(*options.split(), 'echo "$0 $1"; exit 3', "zero", "one")
    assert (done.returncode, done.stdout) == (3, "zero one\n")


def test_the_lines_environment_is_known(sh: Ran, daemon: Daemon) -> None:
    assert sh("-c", "rm -f $WHAT", WHAT="precious").stderr == denied(daemon)
    assert sh("-c", "rm -f $WHAT", WHAT="other").returncode == 0
    assert sh("-c", 'rm -f "$1"', "zero", "precious").stderr == denied(daemon)


@pytest.mark.parametrize("shell", ["zsh", "sh", "dash"])
def test_each_shell_is_read_as_what_it_is(sh: Ran, daemon: Daemon, shell: str) -> None:
    need(shell)
    assert sh("-c", "echo ran; rm -f precious", by=shell).stderr == denied(daemon)
    done = sh("-c", "echo ran", by=shell)
    assert (done.returncode, done.stdout) == (0, "ran\n")


def test_its_own_name_is_the_shell_that_is_named(sh: Ran, daemon: Daemon) -> None:
    done = sh("-c", 'echo "$0 ${BASH_VERSION:+bash}"', by="safeshell-sh", SAFESHELL_SHELL="/bin/bash")
    assert done.stdout == "/bin/bash bash\n"
    assert sh("-c", "rm precious", by="safeshell-sh", SAFESHELL_SHELL="/bin/bash").stderr == denied(daemon)


def test_what_has_no_line_starts_and_its_own_rules_hold(sh: Ran, daemon: Daemon) -> None:
    script = Path(daemon.home.root, "script")
    script.write_text('echo "script $1"\n', encoding="ascii")
    assert sh(str(script), "x").stdout == "script x\n"
    assert sh("-s").returncode == 0
    done = sh("--rcfile", "/dev/null", "-i")
    assert (done.returncode, done.stderr) == (
        *(126, f"safeshell: denied by rule no-bash ({daemon.home.rules}:5): Not so.\n"),
    )


def test_a_redirect_names_what_to_run_where_no_shim_would_do_it(sh: Ran, daemon: Daemon) -> None:
    done = sh("-c", "rm -r build")
    assert (done.returncode, done.stdout) == (126, "")
    assert done.stderr == (
        f"safeshell: not run by rule trash ({daemon.home.rules}:6): Moved. Run this instead: echo instead\n"
    )


def test_an_agent_without_a_person_is_refused_with_77(sh: Ran) -> None:
    done = sh("-c", "touch secret", **{MARKER: "1"})
    assert (done.returncode, done.stdout) == (77, "")
    assert "requires approval, and nobody who could give it is within reach" in done.stderr


def start(home: Home) -> subprocess.Popen[str]:
    """A line that waits for a person."""
    enroll(home, PIN)
    return subprocess.Popen(
        [guarded_shell.install(home, "bash"), "-c", "touch secret && echo ran"],
        env={**environment(home), "PATH": PATH, MARKER: "1"},
        cwd=home.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_line_runs_once_a_person_approves_it(daemon: Daemon) -> None:
    process = start(daemon.home)
    shown = waiting(daemon.home)
    assert shown["command"].endswith("bash -c 'touch secret && echo ran'")
    assert (shown["subject"], shown["context"]) == ("touch secret", "ai")
    with person(daemon.home, "approve", str(shown["id"])) as by:
        by.finish()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "ran\n"), err


def test_signals_are_its_own_while_it_waits(daemon: Daemon) -> None:
    with start(daemon.home) as process:
        waiting(daemon.home)
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
    until(lambda: not approvals({"do": "list"}, home=daemon.home)["pending"], "the request to be withdrawn")
    assert not os.path.exists(f"{daemon.home.root}/secret")


def test_a_denied_line_is_recorded(sh: Ran, daemon: Daemon) -> None:
    sh("-c", "rm precious", **{MARKER: "1"})
    audit = Path(daemon.home.audit)
    line = until(lambda: audit.exists() and audit.read_text(encoding="ascii").splitlines(), "the record")[-1]
    record = json.loads(line)
    assert (record["kind"], record["decision"], record["rule"], record["context"]) == ("line", "deny", "precious", "ai")
    assert record["argv"][0].endswith("bash -c 'rm precious'")
