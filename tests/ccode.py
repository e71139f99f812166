"""What the tests compile of the project's C, by the flags of whoever builds it."""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)

PROBE = os.path.join(HERE, "fidelity/probe/probe.c")
OLD_KERNEL = os.path.join(HERE, "shims/old_kernel.c")
SWAP = os.path.join(HERE, "kernel/swap.c")
FLAGS = {
    PROBE: ("-std=gnu11",),
    OLD_KERNEL: ("-std=gnu11", "-shared", "-fPIC"),
    SWAP: ("-std=gnu11", "-O1", "-pthread"),
}
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


@dataclass
class Build:
    """What `hatch_build.py` made of this source tree.

    Attributes:
        native: the directory that holds what is native.
        warnings: what was said.
        data: what the wheel is made by.
    """

    native: str
    warnings: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


def build(directory: str) -> Build:
    """Builds as for a wheel, by the CC of the environment, into a directory, which may hold an earlier build."""
    made = Build(os.path.join(directory, "safeshell/install/native"))
    os.makedirs(made.native, exist_ok=True)
    for name in ("shims", "safeshell/daemon"):
        with contextlib.suppress(FileExistsError):
            os.symlink(os.path.join(ROOT, name), os.path.join(directory, name))
    hook = hooks().ClientBuildHook()
    hook.root, hook.target_name = directory, "wheel"
    hook.app = SimpleNamespace(display_warning=made.warnings.append)
    hook.initialize("standard", made.data)
    return made


_REFUSING = """\
#!/bin/sh
case " $* " in *" -nostdlib "*)
  printf '%s\\n' 'refusing-cc: In function main:' 'refusing-cc: error: no libc, no program' here >&2
  exit 1
esac
exec {} "$@"
"""


def refusing_compiler(directory: str) -> str:
    """Makes a compiler that can't do without libc; returns its path."""
    path = os.path.join(directory, "refusing-cc")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(_REFUSING.format(shlex.join(compiler())))
    os.chmod(path, 0o755)
    return path
