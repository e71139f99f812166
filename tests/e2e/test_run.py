"""`safeshell run` sets everything up for what it runs."""

from __future__ import annotations

import os

from e2e.guard import FORBIDDEN, unattended
from harness import SAFESHELL, safeshell

from safeshell.client import control
from safeshell.protocol import Type


def test_run() -> None:
    with unattended() as guard:
        script = f'command -v cat; echo "$SAFESHELL_CONTEXT $PATH"; rm {FORBIDDEN}; echo $?; ls | sort; exit 12'
        done = safeshell(guard.home, "run", "--", "bash", "-c", script, cwd=guard.work)
        shims, context, *rest = done.stdout.splitlines()
        assert shims == guard.shim("cat")
        assert context.startswith(f"ai {guard.home.shims}:")
        assert rest == ["126"]
        assert done.stderr.startswith("safeshell: denied by rule not-that-word (")
        assert done.returncode == 12
        assert control(Type.STATUS, home=guard.home)["requests"]["deny"] == 1


def test_run_twice_uses_the_same_daemon() -> None:
    with unattended() as guard:
        for _ in range(2):
            assert safeshell(guard.home, "run", "--", "cat", "/dev/null").returncode == 0
        assert control(Type.STATUS, home=guard.home)["requests"]["total"] == 2


def test_nested_runs_have_the_shims_once() -> None:
    with unattended() as guard:
        done = safeshell(guard.home, "run", "--", SAFESHELL, "run", "--", "sh", "-c", 'echo "$PATH"')
        assert done.stdout.count(guard.home.shims) == 1


def test_init_and_run_from_nothing() -> None:
    with unattended() as guard:
        for name in os.listdir(guard.home.root):
            if name != "shims":
                os.unlink(os.path.join(guard.home.root, name))
        done = safeshell(guard.home, "init")
        assert done.returncode == 0, done.stderr
        done = safeshell(guard.home, "run", "--", "sh", "-c", "rm -rf /; echo $?")
        assert done.stdout == "126\n"
        assert done.stderr.startswith("safeshell: denied by rule ")
