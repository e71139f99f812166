"""Fuzzes what the line judge knows of commands' outputs against the real commands, for as long as it is told.

    python tests/shell/outputs_fuzz.py [--seconds N] [--seed S]

Where `output` gives a text, the real one has to be equal byte for byte, with what goes to stderr, in the locales C and
C.UTF-8. One shell runs a batch of pipelines. The first that differs ends the run. `make fuzz-outputs` runs it.
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from shell.outputs_cases import EXTERNAL, GENERATORS, Pipeline, known

from safeshell.shell.syntax.tree import Dialect

SECONDS = 20
"""Of processor time that a batch may take."""

UNPRIVILEGED = 65534


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell that runs batches.

    Attributes:
        program: its path's name.
        arguments: its argv[0] and options.
        dialect: what its lines are read as.
        directory: of echo and printf; "" for its builtins.
    """

    program: str
    arguments: tuple[str, ...]
    dialect: Dialect
    directory: str = ""


SHELLS = {
    "bash": Shell("bash", ("bash", "--norc"), Dialect.BASH),
    "dash as sh": Shell("dash", ("sh",), Dialect.SH),
    "bash as sh": Shell("bash", ("sh",), Dialect.SH),
    "ash as sh": Shell("busybox", ("sh",), Dialect.SH),
    "zsh": Shell("zsh", ("zsh", "-f"), Dialect.ZSH),
    "coreutils": Shell("dash", ("sh",), Dialect.BASH, "/usr/bin/"),
}


def real(pipelines: Sequence[Pipeline], shell: Shell, locale: str) -> list[bytes]:
    """What pipelines write when a shell runs them."""
    mark = f"ends-{random.SystemRandom().getrandbits(64):x}"
    lines = [f"ulimit -t {SECONDS} -f 100000"]
    for pipeline in pipelines:
        lines += [" | ".join([shlex.join(command) + " 2>&1" for command in pipeline]), f"echo {mark}"]
    program = shutil.which(shell.program)
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="outputs-") as directory:
        os.chmod(directory, 0o755)
        script = os.path.join(directory, "script")
        with open(script, "wb") as file:
            file.write(os.fsencode("\n".join([*lines, ""])))
        ran = subprocess.run(
            [*shell.arguments, script],
            executable=program,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": locale},
            cwd=directory,
            user=UNPRIVILEGED if os.geteuid() == 0 else None,
            timeout=SECONDS * 10,
            check=False,
        )
    *found, rest = ran.stdout.split(f"{mark}\n".encode())
    assert len(found) == len(pipelines), (ran.stderr[-500:], rest)
    return found


RUNS = [(name, generator) for name in SHELLS for generator in GENERATORS if generator not in EXTERNAL or name == "bash"]


def needed(name: str, generator: str) -> tuple[str, ...]:
    """The programs that one of `RUNS` takes."""
    return (SHELLS[name].program, *(("openssl", "rev", "xxd") if generator in EXTERNAL else ()))


@dataclass(slots=True)
class Count:
    """Pipelines that were made, and those of which the output was known and compared."""

    made: int = 0
    known: int = 0


def compare(source: random.Random, name: str, generator: str, size: int) -> Count:
    """Compares one batch.

    Raises:
        AssertionError: a text differs from the real one.
    """
    shell = SHELLS[name]
    make = GENERATORS[generator]
    found: list[tuple[Pipeline, bytes]] = []
    for _ in range(size):
        (first, *rest), *others = make(source)
        pipeline = ((shell.directory + first, *rest), *others)
        text = known(pipeline, shell.dialect)
        if text is not None:
            found.append((pipeline, text))
    for locale in ("C", "C.UTF-8"):
        for (pipeline, text), wrote in zip(found, real([one for one, _ in found], shell, locale), strict=True):
            assert text == wrote, f"{name}, {locale}: {pipeline!r}: known {text!r}, real {wrote!r}"
    return Count(size, len(found))


def main() -> int:
    """Runs it; the status says whether all were equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--all", action="store_true", help="go on where a text differs")
    options = parser.parse_args()
    source = random.Random(options.seed)
    deadline = time.monotonic() + options.seconds
    made: Counter[tuple[str, str]] = Counter()
    compared: Counter[tuple[str, str]] = Counter()
    differ = 0
    here = [one for one in RUNS if all(shutil.which(program) for program in needed(*one))]
    print(f"seed {options.seed}", flush=True)
    while time.monotonic() < deadline:
        for one in here:
            slow = one[0] == "coreutils" or one[1] in EXTERNAL
            try:
                count = compare(source, *one, 200 if slow else 2000)
            except AssertionError as error:
                print(error, flush=True)
                differ += 1
                if not options.all:
                    return 1
                continue
            made[one] += count.made
            compared[one] += count.known
    for one, number in made.items():
        print(f"{one[0]:12} {one[1]:18} {number:9,} made, {compared[one]:9,} known ({compared[one] / number:.0%})")
    print(f"{made.total():,} made, {compared.total():,} known and compared in two locales, {differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
