"""Runs shell lines one after the other and notes what each executed: `drive.py ROOT`, inside the sandbox.

It reads `ROOT/lines.json` and writes `ROOT/ran.json`; it imports nothing of the project.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from typing import Any

END = "\0\1end\1\0"
PATIENCE_S = 20
BACKGROUND_S = 2
LIMITS = {resource.RLIMIT_CPU: 60, resource.RLIMIT_FSIZE: 1 << 24, resource.RLIMIT_NPROC: 2000}


def _taken(trace: str) -> list[list[str]]:
    """The commands that stand-ins were run for; they are forgotten."""
    if not os.path.exists(trace):
        return []
    with open(trace, encoding="utf-8", errors="surrogateescape") as stream:
        records = stream.read().split(END)[:-1]
    os.unlink(trace)
    return [record.split("\0") for record in records]


def _end(group: int) -> None:
    """Lets what runs in the background finish, then ends it."""
    deadline = time.monotonic() + BACKGROUND_S
    try:
        while time.monotonic() < deadline:
            os.killpg(group, 0)
            time.sleep(0.005)
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(entry: dict[str, Any], root: str, environment: dict[str, str]) -> dict[str, Any]:
    """Runs one line in a fresh copy of the project."""
    work, trace = os.path.join(root, "work"), os.path.join(root, "trace")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(os.path.join(root, "project"), work)
    with subprocess.Popen(
        [os.path.join(root, "real", entry["shell"]), *(["-f"] if entry["shell"] == "zsh" else []), "-c", entry["line"]],
        cwd=work,
        env={**environment, "PWD": work},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            out, _ = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            out = b"(no end)"
    _end(process.pid)
    return {"ran": _taken(trace), "out": out.decode("utf-8", "replace")[-2000:]}


def main() -> None:
    """Runs the lines of a file."""
    root = sys.argv[1]
    for kind, most in LIMITS.items():
        resource.setrlimit(kind, (most, most))
    with open(os.path.join(root, "lines.json"), encoding="utf-8") as stream:
        lines = json.load(stream)
    done = [run(entry, root, dict(os.environ)) for entry in lines]
    with open(os.path.join(root, "ran.json"), "w", encoding="utf-8") as stream:
        json.dump(done, stream)


if __name__ == "__main__":
    main()
