"""What the tests compile of the project's C, by the flags of whoever builds it."""

from __future__ import annotations

import functools
import os
import shlex
import subprocess
import sys
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)

PROBE = os.path.join(HERE, "fidelity/probe/probe.c")
OLD_KERNEL = os.path.join(HERE, "shims/old_kernel.c")
FLAGS = {PROBE: ("-std=gnu11",), OLD_KERNEL: ("-std=gnu11", "-shared", "-fPIC")}
"""The tests' own programs."""


def compiler() -> list[str]:
    """The words that a compiler is called by."""
    return shlex.split(os.environ.get("CC") or "cc")


def compile_own(source: str, output: str) -> None:
    """Compiles one of the tests' own programs."""
    subprocess.run([*compiler(), *FLAGS[source], "-o", output, source], check=True)


@functools.cache
def hooks() -> Any:
    """`hatch_build.py`: what the product is built by."""
    sys.path.append(os.path.join(ROOT, "perf"))  # scripts, whose modules are imported as they import each other
    from build_native import load_hooks

    return load_hooks(ROOT)
