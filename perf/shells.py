"""What it costs a shell to start behind the shims: processor time, native and guarded runs in turns.

python perf/shells.py    # ms a start: the least of several rounds
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Mapping

from safeshell.home.paths import Home
from safeshell.install.startup import guard_shells

PATH = "/usr/local/bin:/usr/bin:/bin"
ROUNDS, STARTS = 9, 20


def _milliseconds(argv: list[str], environment: Mapping[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(STARTS):
        subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / STARTS * 1000


def main() -> None:
    """Prints a row for each installed shell and way to start it."""
    with tempfile.TemporaryDirectory() as root:
        native = {"PATH": PATH, "HOME": root}
        home = Home(os.path.join(root, "h"))
        os.makedirs(home.shims)
        guarded = {**native, "PATH": f"{home.shims}:{PATH}"}
        guard_shells(home, guarded)
        for shell in filter(shutil.which, ("bash", "zsh", "fish")):
            for flags in ("-c", "-lc"):
                argv = [shell, flags, ":"]
                taken = [(_milliseconds(argv, native), _milliseconds(argv, guarded)) for _ in range(ROUNDS)]
                least, most = (min(column) for column in zip(*taken, strict=True))
                print(f"{shell} {flags}: {least:.2f} ms native, {most:.2f} ms guarded, {most - least:+.2f} ms")


if __name__ == "__main__":
    main()
