"""`safeshell hook AGENT` answers as the hook program does, with the program and without."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from harness import Daemon, environment
from hooks.envelopes import claude

from safeshell.home.paths import Home

WITHOUT = "import safeshell.cli.hook_answer as answer; answer.native_hook = lambda: None; sys.exit(main())"
WITH = "sys.exit(main())"


def run(home: Home, code: str, agent: str, envelope: bytes) -> subprocess.CompletedProcess[bytes]:
    first = "import sys; from safeshell.cli.hook_answer import command"
    program = f"{first}\nmain = lambda: command.main(standalone_mode=False)\n{code}"
    return subprocess.run(
        [sys.executable, "-I", "-c", program, agent],
        input=envelope,
        env=environment(home),
        cwd="/",
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("code", [WITH, WITHOUT], ids=["native", "python"])
def test_it_answers_one_call(daemon: Daemon, code: str) -> None:
    short = json.dumps(claude()("rm precious", "/")).encode()
    long = json.dumps(claude(more="x" * (1 << 20))("rm precious", "/")).encode()
    for envelope in (short, long):
        done = run(daemon.home, code, "codex", envelope)
        told = json.loads(done.stdout)["hookSpecificOutput"]["permissionDecisionReason"]
        assert (done.returncode, done.stderr) == (0, b"")
        assert told.startswith("safeshell: denied by rule no-rm-of-precious")
    assert run(daemon.home, code, "codex", json.dumps(claude()("ls", "/")).encode()).stdout == b""


@pytest.mark.parametrize("code", [WITH, WITHOUT], ids=["native", "python"])
def test_without_a_daemon_it_denies(homes: type, code: str) -> None:
    home = Home(homes().root + "/nowhere")
    done = run(home, code, "gemini", b"{}")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"safeshell: this line does not run, for ")
