"""Count of the client's lines that a plain allowed command executes, by gcov: prints them by file.

    make coverage-client

What stands in for libc's start-up isn't among them: lines are counted in the build against libc.
"""

from __future__ import annotations

import collections
import glob
import json
import os
import subprocess
import sys
import tempfile

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ccode import ROOT, compiler, hooks
from shims.fake_daemon import FakeDaemon, execute, exited

LINES_MAX = 400
"""What a reader has to go through to know what an allowed command does here."""

ANSWERS = {"run by the daemon": exited(0), "run in place": execute(b"/bin/true")}


def executed_lines(answer: bytes) -> dict[str, int]:
    """How many lines of each file are executed for a command that gets this answer.

    Raises:
        subprocess.CalledProcessError: the client can't be compiled, or ended otherwise than the command.
    """
    lines: dict[str, set[int]] = collections.defaultdict(set)
    with tempfile.TemporaryDirectory(prefix="ss") as home:
        client = os.path.join(home, "true")
        sources = sorted(glob.glob(os.path.join(ROOT, hooks().SOURCE, "*.c")))
        flags = ["-std=gnu11", "-O0", "--coverage", *hooks().HOSTED]
        subprocess.run([*compiler(), *flags, "-o", client, *sources], cwd=home, check=True)
        with FakeDaemon(home, answer):
            environment = {"PATH": "/usr/bin:/bin", "HOME": home, "SAFESHELL_HOME": home}
            subprocess.run([client], env=environment, stdin=subprocess.DEVNULL, start_new_session=True, check=True)
        counters = glob.glob(os.path.join(home, "*.gcda"))
        command = ["gcov", "--json-format", "--stdout", *counters]
        found = subprocess.run(command, cwd=home, stdout=subprocess.PIPE, text=True, check=True).stdout
    for unit in found.splitlines():
        for file in json.loads(unit)["files"]:
            if file["file"].startswith(ROOT):
                lines[os.path.relpath(file["file"], ROOT)] |= {
                    line["line_number"] for line in file["lines"] if line["count"]
                }
    return {name: len(numbers) for name, numbers in sorted(lines.items()) if numbers}


def main() -> None:
    """Prints both placements."""
    for placement, answer in ANSWERS.items():
        found = executed_lines(answer)
        print(f"{sum(found.values())} lines, {placement}")
        for name, count in found.items():
            print(f"{count:>6} {name}")


if __name__ == "__main__":
    main()
