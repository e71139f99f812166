"""The benchmark's own programs in C, built where they are used."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))

_USUAL = ("-std=gnu11", "-O2")
_BARE = ("-Os", "-s", "-nostdlib", "-static", "-fno-pie", "-no-pie", "-Wl,--build-id=none", "-Wl,-z,noseparate-code")


@dataclass(frozen=True)
class Programs:
    """Paths of what was built.

    Attributes:
        broker: `reference_broker.c`.
        load: `load.c`.
        empty: `empty.c`; None on an architecture that it does not know.
    """

    broker: str
    load: str
    empty: str | None


def build(directory: str) -> Programs | None:
    """Builds them into a directory; None, with a line on why, where there is no compiler."""
    compiler = shlex.split(os.environ.get("CC") or "cc")
    if shutil.which(compiler[0]) is None:
        print(f"no C compiler ({compiler[0]}): left out is what is measured with programs in C")
        return None
    return Programs(
        _compile(compiler, "reference_broker", directory),
        _compile(compiler, "load", directory),
        _compile_bare(compiler, directory),
    )


def _compile(compiler: list[str], name: str, directory: str) -> str:
    output = os.path.join(directory, name)
    command = [*compiler, *_USUAL, "-o", output, os.path.join(HERE, f"{name}.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)} failed: {done.stderr}")
    return output


def _compile_bare(compiler: list[str], directory: str) -> str | None:
    output = os.path.join(directory, "empty")
    command = [*compiler, *_BARE, "-o", output, os.path.join(HERE, "empty.c")]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        print("no empty static program on this architecture: its rows are left out")
        return None
    return output
