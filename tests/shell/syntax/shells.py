"""Real shells for the parser to be compared with: they run as nobody, find no program, write nothing."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import Any

from needs import need

from safeshell.shell.syntax.tree import Dialect

_PROGRAMS = {Dialect.BASH: "bash", Dialect.SH: "dash", Dialect.ZSH: "zsh"}
_NOBODY = 65534
_ERRORS = {
    Dialect.BASH: (b"syntax error", b"unexpected", b"conditional"),
    Dialect.SH: (b"Syntax error",),
    Dialect.ZSH: (b"parse error", b"unmatched", b"expected"),
}


def _own_tasks() -> int:
    """Processes and threads of the user that the shells run as: the limit counts them all. Of nobody there are few."""
    if os.geteuid() == 0:
        return 0
    count = 0
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == os.geteuid():
                count += len(os.listdir(f"/proc/{entry.name}/task"))
    return count


class Shell:
    """A shell that is here; the test is skipped where it isn't."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._command = [
            need("prlimit"),
            "--cpu=5",
            f"--nproc={_own_tasks() + 200}",
            "--fsize=0",
            "--",
            need(_PROGRAMS[dialect]),
        ]
        if dialect is Dialect.ZSH:
            self._command.append("-f")

    def run(self, text: bytes, *options: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
        """Runs a text as `-c` does, with these variables alone."""
        nobody: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        return subprocess.run(
            [*self._command, *options, "-c", "--", text],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            cwd="/",
            env={"PATH": "/nowhere", "LC_ALL": "C.UTF-8", **variables},
            check=False,
            **nobody,
        )

    def takes(self, text: bytes) -> bool:
        """Whether it finds no error in a text that it only reads."""
        said = self.run(text, "-n").stderr
        if self.dialect is Dialect.ZSH:
            # It expands some words all the same, and says what it finds there behind what is wrong with it.
            lines = [line for line in said.split(b"\n") if b"math" not in line]
            later = [
                b"in command subst" in line or b"in command subst" in after
                for line, after in zip(lines, [*lines[1:], b""], strict=True)
            ]
            lines = [line for line, late in zip(lines, later, strict=True) if not late]
            said = b"\n".join(lines)
        return not any(error in said for error in _ERRORS[self.dialect])
