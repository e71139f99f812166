"""Where lines of the corpus run for real: nothing of the machine can be written, and what they name are stand-ins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from harness import SAFESHELL, environment, make_home, sync_shims

from corpus.corpus import HERE, RULES, USER, Entry, compiled

MORE = ("mkfs", "mkfs.ext4", "mkfs.xfs", "curl", "less", "man", "nc", "rg", "ssh", "su", "vim", "watch", "wget")
"""Names beside those of the rules that have a stand-in: they would wait, ask, or reach out."""

STAND_IN = """#!/bin/sh
{{ printf '%s\\0' {name} "$@"; printf '\\0\\n'; }} >> {trace}
"""
SUDO = """#!/bin/sh
while case $1 in -u) shift ;; -* | *=*) ;; *) false ;; esac; do shift; done
exec "$@"
"""
DIRECTORIES = ("/usr/local/bin", "/usr/bin", "/usr/sbin", "/bin", "/sbin")


class Run(NamedTuple):
    """How a line ended.

    Attributes:
        status: its exit status, or minus a signal.
        out, err: what it wrote.
        trace: the stand-ins that were executed, as their arguments.
    """

    status: int
    out: str
    err: str
    trace: list[list[str]]


class Sandbox:
    """A home with shims for the corpus's rules, and stand-ins for every program that they name.

    Attributes:
        home: the home.
        tables: its tables.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._bin = os.path.join(root, "bin")
        self._trace = os.path.join(root, "trace")
        self._work = os.path.join(root, "work")
        os.mkdir(self._bin)
        with open(RULES, encoding="utf-8") as stream:
            self.home = make_home(os.path.join(root, "h"), stream.read())
        self.tables = compiled(self.home)
        for name in sorted({*MORE, *(name for table in self.tables for name in table.exact)}):
            self._install(name, STAND_IN.format(name=name, trace=self._trace))
        self._install("sudo", SUDO)
        self._path = f"{self._bin}:/usr/local/bin:/usr/bin:/bin"
        sync_shims(self.home, self._path)

    def _install(self, name: str, text: str) -> None:
        path = os.path.join(self._bin, name)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(path, 0o755)

    def _bwrap(self, argv: Sequence[str]) -> list[str]:
        """A command in the sandbox: the root read-only, no devices, no network, no other process."""
        root = self._root
        options = ["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        options += ["--tmpfs", "/tmp"]
        # A checkout below /tmp has its interpreter and this package there too.
        for needed in (sys.prefix, sys.base_prefix, os.path.dirname(os.path.dirname(HERE))):
            options += ["--ro-bind", needed, needed]
        options += ["--bind", root, root, "--ro-bind", HERE, f"{root}/corpus"]
        return ["bwrap", *options, *self._covered(), "--chdir", root, "--", *argv]

    def _covered(self) -> list[str]:
        """Puts stand-ins over the real programs, for lines that name them by path."""
        options = []
        for directory in DIRECTORIES:
            if os.path.islink(directory):
                continue
            for name in os.listdir(self._bin):
                real = os.path.join(directory, name)
                # A link may lead to a program that has to run here, as the interpreter.
                if os.path.isfile(real) and not os.path.islink(real) and not name.startswith("python"):
                    options += ["--ro-bind", os.path.join(self._bin, name), real]
        return options

    def works(self) -> bool:
        """Whether this machine allows such a sandbox."""
        return subprocess.run(self._bwrap(["true"]), capture_output=True, check=False).returncode == 0

    def run(self, entries: Iterable[Entry], *, native: bool) -> list[Run]:
        """Runs lines, each by a bash of its own, natively or all in one `safeshell run`."""
        lines, results = os.path.join(self._root, "lines"), os.path.join(self._root, "results")
        with open(lines, "w", encoding="utf-8") as stream:
            json.dump([(entry.line, entry.branch) for entry in entries], stream)
        driver = [sys.executable, "-IS", f"{self._root}/corpus/drive.py", lines, results, self._work, self._trace]
        done = subprocess.run(
            self._bwrap(driver if native else [SAFESHELL, "run", "--", *driver]),
            env={**environment(self.home), "PATH": self._path, "HOME": USER},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        with open(results, encoding="utf-8") as stream:
            return [Run(**one) for one in json.load(stream)]
