"""Stand-in for an agent: a process that asks its hook about a line and runs it as Claude Code does, or otherwise.

What it starts has an agent's marker, which it has not itself.

`python agent_stand_in.py` reads an order a line, as JSON, and answers each with how what it started ended.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from harness import MARKER
from hooks.envelopes import claude


class Ended(NamedTuple):
    """How something ended.

    Attributes:
        status: its exit status.
        out, err: what it wrote.
    """

    status: int
    out: str
    err: str


class StandIn:
    """One agent.

    Args:
        hook: the hook program.
        env: what it is started with.
        cwd: where.
    """

    def __init__(self, hook: str, env: Mapping[str, str], cwd: str) -> None:
        self._hook, self._cwd = hook, cwd
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            env={**env, "PYTHONPATH": ":".join(sys.path)},
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start(self, *argv: str, stdin: str = "", cwd: str = "") -> Ended:
        """Starts a program, and waits for its end."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"argv": argv, "stdin": stdin, "cwd": cwd or self._cwd}) + "\n")
        self.process.stdin.flush()
        return Ended(**json.loads(self.process.stdout.readline()))

    def asks(self, line: str, name: str = "claude-code") -> dict[str, Any]:
        """What its hook answers; nothing where it is to go on."""
        tool = "run_shell_command" if name == "qwen" else "Bash"
        ended = self.start(self._hook, name, stdin=json.dumps(claude(tool)(line, self._cwd)))
        assert (ended.status, ended.err) == (0, "")
        found: dict[str, Any] = json.loads(ended.out)["hookSpecificOutput"] if ended.out else {}
        return found

    def runs(self, line: str, *, cwd: str = "") -> Ended:
        """Runs a line as Claude Code does."""
        text = f"shopt -u extglob 2>/dev/null || true && eval {quoted(line)} && pwd -P >| /dev/null"
        return self.start("/bin/bash", "-c", text, cwd=cwd)

    def close(self) -> None:
        """Ends it."""
        self.process.kill()
        self.process.communicate()


def quoted(line: str) -> str:
    """A line as one word of a shell, in quotes always."""
    word = shlex.quote(line)
    return word if word.startswith("'") else f"'{word}'"


def main() -> None:
    """Does as it is told."""
    for order in map(json.loads, sys.stdin):
        done = subprocess.run(
            order["argv"],
            input=order["stdin"],
            cwd=order["cwd"],
            env={**os.environ, MARKER: "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        sys.stdout.write(json.dumps({"status": done.returncode, "out": done.stdout, "err": done.stderr}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
