"""Runs real wrappers around a program that says what it was executed as, with what, where."""

from __future__ import annotations

import ast
import functools
import os
import subprocess
from typing import NamedTuple

from harness import INTERPRETER
from needs import why_not

from safeshell.command.command_line import block

PROBE = """\
#!{python} -IS
import os, sys
entries = [name + b"=" + value for name, value in os.environb.items()]
with open({report!r}, "w") as stream:
    stream.write(ascii(([os.fsencode(word) for word in sys.argv], entries, os.getcwdb())))
"""

ADDED = (b"LC_CTYPE=", b"_STDBUF_", b"LD_PRELOAD=", b"SUDO_", b"PWD=", b"OLDPWD=", b"_=", b"SHLVL=")
"""What Python itself, stdbuf and shells add to an environment: values that only the run can tell."""


class Executed(NamedTuple):
    """What a wrapper executed."""

    arguments: tuple[bytes, ...]
    environment: frozenset[bytes]
    directory: bytes


class Probe:
    """A program under a name of its own in a directory of its own.

    Attributes:
        path: the program.
        root: its directory, which has `a b` and `sub/deeper` below it.
    """

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self.path = os.path.join(self.root, "probe")
        self._report = os.path.join(self.root, "report")
        for name in ("a b", "sub/deeper"):
            os.makedirs(os.path.join(self.root, name), exist_ok=True)
        with open(self.path, "w", encoding="utf-8") as stream:
            stream.write(PROBE.format(python=INTERPRETER, report=self._report))
        os.chmod(self.path, 0o755)

    def executed(self, argv: list[bytes], environment: dict[bytes, bytes]) -> Executed | None:
        """What the program was executed as by a wrapper; None where it was not."""
        if os.path.exists(self._report):
            os.unlink(self._report)
        subprocess.run(
            argv,
            env=environment,
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,  # it ends with the last that has it: nothing of this one reports during the next
            stderr=subprocess.DEVNULL,
            timeout=20,
            check=False,
        )
        if not os.path.exists(self._report):
            return None
        with open(self._report, encoding="ascii") as stream:
            arguments, entries, directory = ast.literal_eval(stream.read())
        return Executed(tuple(arguments), kept(entries), directory)


def kept(entries: list[bytes]) -> frozenset[bytes]:
    """The entries that are compared."""
    return frozenset(entry for entry in entries if entry and not entry.startswith(ADDED))


def environment_block(environment: dict[bytes, bytes]) -> bytes:
    """As a request carries it."""
    return b"\0" + block([name + b"=" + value for name, value in environment.items()])


@functools.cache
def missing(name: str) -> str:
    """Why a program can't be tried, "" where it can: it isn't on PATH, or its configuration lets us run nothing."""
    if reason := why_not(name):
        return reason
    if name in ("sudo", "doas") and subprocess.run([name, "-n", "true"], capture_output=True, check=False).returncode:
        return f"needs {name} to let this user run something"
    return ""
