"""Where the guards' lines run: real shells among stand-ins, as nobody, with nothing writable but a project's copy."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from corpus.lines.entries import Guarded, guarded
from corpus.lines.sandbox.programs import PYTHON, REAL, install, real_program

HERE = os.path.dirname(os.path.abspath(__file__))
NOBODY = 65534
FILES = ("a.txt", "b.txt", "c.log", "build/out.o", "src/main.c", "sub/dir/f", "tmp/t")
MAKEFILE = "all build test:\n\t@:\n"
CALL = "\1call"


class Ran(NamedTuple):
    """What a line ran.

    Attributes:
        commands: the programs with their arguments.
        calls: the paths that an interpreter was told to delete by a call of its own.
        out: what was printed.
    """

    commands: list[list[str]]
    calls: list[str]
    out: str


class Sandbox:
    """A directory with the programs that some lines name, and the project that each runs in."""

    def __init__(self, root: str, entries: Sequence[Guarded]) -> None:
        self._root = root
        self._entries = entries
        for directory in ("bin", "real", "work"):
            os.makedirs(os.path.join(root, directory))
        for file in FILES:
            self._write(f"project/{file}", f"{file}\n")
        self._write("project/Makefile", MAKEFILE)
        self._write("project/list.txt", "a.txt\nb.txt\n")
        self._write("empty", "")
        shutil.copytree(os.path.join(HERE, "hooks"), os.path.join(root, "hooks"))
        for file in ("standin.py", "drive.py"):
            shutil.copy(os.path.join(HERE, file), root)
        # What no entry here says that it runs has to be noted, too.
        named = {shlex.split(command)[0] for entry in (*guarded(), *entries) for command in entry.commands}
        self._covered = [option for name in sorted(named | REAL) for option in install(name, root)]

    def _write(self, file: str, text: str) -> None:
        path = os.path.join(self._root, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)

    def _command(self) -> list[str]:
        root = self._root
        command = [_program("bwrap"), "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/", "/"]
        command += ["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--bind", root, root, *self._covered]
        for file in ("bin", "real", "project", "hooks"):
            command += ["--ro-bind", f"{root}/{file}", f"{root}/{file}"]
        for file in ("/etc/profile", "/etc/bash.bashrc"):  # a login shell would find the machine's own PATH there
            command += ["--ro-bind", f"{root}/empty", file] if os.path.isfile(file) else []
        command += ["--chdir", root, "--", PYTHON, "-IS", f"{root}/drive.py", root]
        if os.geteuid() == 0:
            subprocess.run([_program("chown"), "-R", f"{NOBODY}:{NOBODY}", root], check=True)
            user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            command = [_program("setpriv"), *user, *command]
        return command

    def _environment(self) -> dict[str, str]:
        hooks = f"{self._root}/hooks"
        return {
            "PATH": f"{self._root}/bin",
            "HOME": "/home/dev",
            "USER": "dev",
            "SHELL": "/bin/sh",
            "LANG": "C.UTF-8",
            "PYTHONPATH": hooks,
            "NODE_OPTIONS": f"--require {hooks}/hook.js",
            "PERL5LIB": hooks,
            "PERL5OPT": "-MCorpus::Hook",
            "RUBYOPT": f"-r{hooks}/hook.rb",
        }

    def run(self) -> list[Ran]:
        """What each line runs."""
        with open(os.path.join(self._root, "lines.json"), "w", encoding="utf-8") as stream:
            json.dump([{"line": entry.line, "shell": entry.shell} for entry in self._entries], stream)
        done = subprocess.run(
            self._command(),
            env=self._environment(),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        with open(os.path.join(self._root, "ran.json"), encoding="utf-8") as stream:
            return [_ran(one["ran"], one["out"]) for one in json.load(stream)]


def _ran(records: list[list[str]], out: str) -> Ran:
    calls = [record[1] for record in records if record[0] == CALL]
    return Ran([record for record in records if record[0] != CALL], calls, out)


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None, name
    return found


def runnable(entry: Guarded) -> bool:
    """Whether a line can be run here: its shell is there, and what it names that has to be the real program."""
    real = REAL & {shlex.split(command)[0] for command in entry.commands}
    return not entry.unrun and all(real_program(name) for name in (entry.shell, *real))
