"""The benchmark's own programs in C, built where they are used."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))

USUAL = ("-std=gnu11", "-O2")
BARE = (
    *("-Os", "-s", "-nostdlib", "-static", "-fno-pie", "-no-pie", "-Wl,--build-id=none", "-Wl,-z,noseparate-code"),
    "-Wno-unused-command-line-argument",  # clang has no use for -no-pie beside -static
)


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
    if not has_compiler():
        print(f"no C compiler ({_compiler()[0]}): left out is what is measured with programs in C")
        return None
    return Programs(_compile("reference_broker", directory), _compile("load", directory), _compile_bare(directory))


def has_compiler() -> bool:
    """Whether C can be compiled here."""
    return shutil.which(_compiler()[0]) is not None


def _compiler() -> list[str]:
    return shlex.split(os.environ.get("CC") or "cc")


def _compile(name: str, directory: str) -> str:
    output = os.path.join(directory, name)
    command = [*_compiler(), *USUAL, "-o", output, os.path.join(HERE, f"{name}.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)} failed: {done.stderr}")
    return output


def _compile_bare(directory: str) -> str | None:
    output = os.path.join(directory, "empty")
    command = [*_compiler(), *BARE, "-o", output, os.path.join(HERE, "empty.c")]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        print("no empty static program on this architecture: its rows are left out")
        return None
    return output
