"""A guarded world: a home, its daemon, shims for real programs, and commands run natively and through the shims."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from harness import (
    INTERPRETER,
    PATH,
    PATIENCE_S,
    Daemon,
    _naming,
    end_by_signals,
    make_home,
    running_daemon,
    sync_shims,
    temporary_directory,
    until,
    wait_for,
)
from harness import environment as bare_environment

from safeshell.client import control
from safeshell.errors import PersonNeededError, UnreachableError
from safeshell.home.paths import Home
from safeshell.protocol import Type

FORBIDDEN = "forbidden-word"
"""An argument by which any shimmed command is denied."""

BRIEF = "86399"
"""An argument by which any shimmed command gets a timeout."""

SHIMMED = (
    *("cat", "cp", "find", "flock", "git", "grep", "id", "less", "ls", "make", "md5sum", "mv", "nice"),
    *("python3", "readlink", "rm", "sed", "sleep", "sort", "ssh", "ssh-keygen", "umask", "vim"),
    *("answer", "background", "called", "dies", "exits", "family", "listener", "nested", "plain"),
)

RULES = f"""\
version: 1
rules:
  - name: not-that-word
    commands: [{", ".join(SHIMMED)}]
    conditions: [{{command_contains: {FORBIDDEN}}}]
    action: deny
    message: This word is not to be said.
  - name: brief
    commands: [{", ".join(SHIMMED)}]
    conditions: [{{command_contains: '{BRIEF}'}}]
    action: allow
    timeout: 200ms
    message: Be brief.
"""

PROGRAMS = {
    "answer": '#!/bin/sh\nread -r _\necho "out $1"\necho "err $1" >&2\nexit "$1"\n',
    "background": '#!/bin/sh\nsleep 1000 &\necho "$!"\nexit 5\n',
    "called": '#!/bin/sh\necho "$0"\n',
    "dies": '#!/bin/sh\nkill -"$1" $$\nread -r _\n',
    "exits": '#!/bin/sh\nexit "$1"\n',
    "family": "#!/bin/sh\nsleep 1000 &\nsleep 1000 &\necho $!\nwait\n",
    "nested": "#!/bin/sh\nexits 4\n",
    "plain": 'echo "no shebang, $#: $*"\nexit 9\n',
    "umask": "#!/bin/sh\numask\n",
    # Says what it is, then what it hears, until its input ends.
    "listener": f"""\
#!{INTERPRETER} -IS
import os, signal, sys
def hear(number, frame):
    os.write(1, b"%s\\n" % signal.Signals(number).name.encode())
heard = set(signal.Signals) - {{signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGCHLD, signal.SIGPIPE}}
if sys.argv[1:] == ["stubborn"]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
elif sys.argv[1:] == ["mortal"]:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
else:
    for number in heard:
        signal.signal(number, hear)
os.write(1, b"%d\\n" % os.getpid())
while os.read(0, 100):
    pass
os.write(1, b"end\\n")
sys.exit(6)
""",
}
"""Programs for what no standard one shows; the shims are made for them too."""


class Outcome(NamedTuple):
    """How a command ended.

    Attributes:
        status: its exit status, or minus a signal.
        out, err: what it wrote.
    """

    status: int
    out: bytes
    err: bytes


class Guard:
    """A home with a daemon.

    Attributes:
        home: the home.
        daemon: its daemon.
        spawns: whether its daemon runs commands that nothing stands against.
        fallback: whether its shims are the bash client.
        bin: a directory on PATH for the test's own programs.
        work: an empty directory to run in.
    """

    def __init__(self, root: str, config: str | None = None) -> None:
        self.root = root
        self.spawns = config is None or "in_place" not in config
        self.fallback = config is not None and "client: bash" in config
        self.bin = os.path.join(root, "bin")
        self.work = os.path.join(root, "work")
        os.mkdir(self.bin)
        self.fresh_work()
        self.restore()
        self.home: Home = make_home(os.path.join(root, "h"), RULES, config)
        sync_shims(self.home, self.path(native=True))

    daemon: Daemon

    def install(self, name: str, text: str, mode: int = 0o755) -> str:
        """Puts a program on PATH; returns its path."""
        path = os.path.join(self.bin, name)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(path, mode)
        return path

    def restore(self) -> None:
        """Puts the test's own programs back as they were."""
        for name, text in PROGRAMS.items():
            self.install(name, text)

    def fresh_work(self) -> None:
        """Makes the directory to run in."""
        os.mkdir(self.work)

    def path(self, *, native: bool) -> str:
        """PATH, with the shims or without."""
        return f"{self.bin}:{PATH}" if native else f"{self.home.shims}:{self.bin}:{PATH}"

    def shim(self, name: str) -> str:
        """The path of a command's shim."""
        return os.path.join(self.home.shims, name)

    def environment(self, more: Mapping[str, str] | None = None, *, native: bool = False) -> dict[str, str]:
        """The environment of what runs, the same natively but for PATH."""
        return {**bare_environment(self.home), "PATH": self.path(native=native), **(more or {})}

    def start(self, *argv: str | bytes, native: bool = False, **options: Any) -> subprocess.Popen[bytes]:
        """Starts a command in a session of its own, and so without a terminal."""
        options = {
            "cwd": self.work,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "start_new_session": True,
            **options,
        }
        return subprocess.Popen(argv, env=self.environment(options.pop("env", None), native=native), **options)

    def run(self, *argv: str | bytes, native: bool = False, stdin: bytes | None = None, **options: Any) -> Outcome:
        """Runs a command to its end."""
        if stdin is not None:
            options["stdin"] = subprocess.PIPE
        with self.start(*argv, native=native, **options) as process:
            try:
                out, err = process.communicate(stdin, timeout=3 * PATIENCE_S)
            finally:
                process.kill()
        return Outcome(process.returncode, out or b"", err or b"")

    def same(self, *argv: str | bytes, **options: Any) -> Outcome:
        """Runs a command natively and through the shims, each in the same files, and shows that nobody could tell.

        Returns:
            How it ended.
        """
        aside = f"{self.work}.before"
        shutil.copytree(self.work, aside, symlinks=True)
        native = self.run(*argv, native=True, **options)
        shutil.rmtree(self.work)
        os.rename(aside, self.work)
        guarded = self.run(*argv, **options)
        assert guarded == native, f"{guarded} through the shims, {native} natively"
        return guarded

    def requests(self) -> int:
        """Commands that the daemon has decided."""
        total: int = self.daemon.status()["requests"]["total"]
        return total

    def placed(self, placement: str) -> dict[str, int]:
        """How many commands were placed so, by reason."""
        reasons: dict[str, int] = self.daemon.status()["placement"].get(placement, {}).get("reasons", {})
        return reasons

    def strays(self) -> dict[int, str]:
        """Processes of this world other than its daemon."""
        found = _naming(os.fsencode(self.root))
        found.pop(self.daemon.pid, None)
        return found

    def settle(self) -> None:
        """Waits until nothing that a test started is left: no process, no connection."""
        try:
            until(lambda: self.daemon.status()["running"] == 0, "the daemon's last child")
            until(lambda: not self.strays(), "the last process of the test")
        finally:
            for pid in self.strays():  # a test that failed must not fail the next
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def guarded(config: str | None = None) -> Iterator[Guard]:
    """A world for as long as the block."""
    with temporary_directory() as root:
        guard = Guard(root, config)
        with running_daemon(guard.home, forks_compilers=False) as guard.daemon:
            yield guard


@contextlib.contextmanager
def unattended(config: str | None = None) -> Iterator[Guard]:
    """A world without a daemon; one that a client starts is ended after the block."""
    with temporary_directory() as root:
        guard = Guard(root, config)
        try:
            yield guard
        finally:
            stop_daemon(guard.home)


def stop_daemon(home: Home) -> None:
    """Ends the daemon, whoever started it, with all that it runs."""
    with contextlib.suppress(UnreachableError, ProcessLookupError):
        try:
            pid = control(Type.STOP, 2, home=home)["pid"]
        except PersonNeededError:  # in this home an agent is one that runs the tests
            pid = control(Type.STATUS, home=home)["pid"]
            end_by_signals(pid)
        assert wait_for(pid)
