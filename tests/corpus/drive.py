"""Runs shell lines one after the other and notes what became of each: `python drive.py LINES RESULTS WORK TRACE`.

It runs inside the sandbox, natively or by `safeshell run`, and so imports nothing of either.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Any

PATIENCE_S = 20


def _prepare(work: str, branch: str) -> None:
    shutil.rmtree(work, ignore_errors=True)
    os.mkdir(work)
    if branch:
        os.makedirs(os.path.join(work, ".git", "objects"))
        os.makedirs(os.path.join(work, ".git", "refs", "heads"))
        with open(os.path.join(work, ".git", "HEAD"), "w", encoding="utf-8") as stream:
            stream.write(f"ref: refs/heads/{branch}\n")


def _take(trace: str) -> list[list[str]]:
    """The commands that stand-ins were run for, in order; none of them is noted twice."""
    if not os.path.exists(trace):
        return []
    with open(trace, encoding="utf-8", errors="surrogateescape") as stream:
        records = stream.read().split("\0\0\n")[:-1]
    os.unlink(trace)
    return [record.split("\0") for record in records]


def run_line(line: str, branch: str, work: str, trace: str) -> dict[str, Any]:
    """Runs one line by bash in an empty directory."""
    _prepare(work, branch)
    with subprocess.Popen(
        ["bash", "-c", line],
        cwd=work,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            out, err = process.communicate()
    written = [text.decode("utf-8", "replace") for text in (out, err)]
    return {"status": process.returncode, "out": written[0], "err": written[1], "trace": _take(trace)}


def main() -> None:
    """Runs the lines of a file."""
    lines, results, work, trace = sys.argv[1:]
    with open(lines, encoding="utf-8") as stream:
        asked = json.load(stream)
    done = [run_line(line, branch, work, trace) for line, branch in asked]
    with open(results, "w", encoding="utf-8") as stream:
        json.dump(done, stream)


if __name__ == "__main__":
    main()
