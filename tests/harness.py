"""What the tests that run SafeShell share: homes of their own, daemons that are ended and reaped, commands run cleanly.

`tests/conftest.py` makes fixtures of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import compilers
import pytest
from needs import need
from patience import PATIENCE_S, PATIENT
from safeshell_compiler.publish import compile_home, publish

from safeshell.cli.daemon import launch
from safeshell.cli.main import main
from safeshell.client import control
from safeshell.errors import PersonNeededError, SafeShellError
from safeshell.home.paths import Home
from safeshell.install.shims import Synced, sync
from safeshell.protocol import Type

__all__ = ["PATIENCE_S", "PATIENT"]  # of what is imported

SAFESHELL = os.path.join(os.path.dirname(sys.executable), "safeshell")
"""The command, as it is installed beside the interpreter that runs the tests."""

INTERPRETER = os.path.realpath(sys.executable)
"""For the first line of a script, which takes no blank: the virtual environment's may stand below anything."""

PATH = "/usr/local/bin:/usr/bin:/bin"

RULES = """\
version: 1
rules:
  - name: no-rm-of-precious
    commands: [rm]
    conditions: [{command_contains: precious}]
    action: deny
    message: That is precious.
    tests: {match: [rm precious]}
  - name: ask-to-touch
    commands: [touch]
    conditions: [{command_contains: secret}]
    action: require_approval
    message: Ask first.
    tests: {match: [touch secret]}
  - name: known-programs
    commands: [cat, sh, env, sleep, ls, git, 'echo']
    action: allow
    message: Seen.
"""
"""A denial, an approval, and programs that are only let through."""


MARKER = "TESTED_AGENT"
"""The one variable that tells an agent in a home of the tests: whoever runs them may be one, and so an ancestor of
every process here. Agents' commands are tested with this one."""

MARKERS = f"agents: {{markers: [{MARKER}]}}\n"
"""The setting that says so, for tests that write settings of their own."""


class Ran(NamedTuple):
    """How a command of the command line ended and what it said."""

    status: int
    out: str
    err: str


Cli = Callable[..., Ran]
"""Runs `safeshell` with these words in this process: the `cli` fixture."""


def until(ready: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Waits for something that offers nothing to wait on; returns its first true answer."""
    deadline = time.monotonic() + patience_s
    while True:
        found = ready()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {patience_s} s for {what}"
        select.select([], [], [], 0.002)


def write(path: str, text: str, mode: int = 0o600) -> None:
    """Writes a text file, its directory too; never the same inode and time as before, as an editor would."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    aside = f"{path}.edit"
    with open(aside, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chmod(aside, mode)
    os.replace(aside, path)


def make_home(root: str, rules: str = RULES, config: str | None = None) -> Home:
    """A home with these rules compiled and published, as `safeshell compile` does it.

    Where the settings name no markers, `MARKER` is the only one.
    """
    if config is not None and "client: bash" in config:
        need("nc|socat")
    home = Home(root)
    home.create()
    write(home.rules, rules)
    settings = config or ""
    if "agents:" not in settings:
        settings += MARKERS
    write(home.config, settings)
    compiled = compile_home(home)
    assert not compiled.errors, compiled.errors
    publish(home, compiled)
    return home


@contextlib.contextmanager
def temporary_directory() -> Iterator[str]:
    """A directory under a short path (a socket's has 107 bytes); no process may outlive it that names it."""
    root = tempfile.mkdtemp(prefix="ss", dir="/tmp")
    try:
        yield root
        until(compilers.idle, "the compilers to end, which name it nowhere")
        assert not (left := processes_of(root)), f"left behind: {left}"
    finally:
        shutil.rmtree(root, ignore_errors=True)


def processes_of(root: str, patience_s: float = PATIENCE_S) -> dict[int, str]:
    """Processes that name a directory in their arguments or environment, once those that are about to end have."""
    deadline = time.monotonic() + patience_s
    found = _naming(os.fsencode(root))
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            wait_for(pid, max(0.0, deadline - time.monotonic()))
    return {pid: line for pid, line in _naming(os.fsencode(root)).items() if pid in found}


def _naming(needle: bytes) -> dict[int, str]:
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as stream:
                arguments = stream.read()
            with open(f"/proc/{entry}/environ", "rb") as stream:
                environment = stream.read()
        except OSError:
            continue
        if needle in arguments or needle in environment:
            found[int(entry)] = arguments.replace(b"\0", b" ").decode("utf-8", "replace")
    return found


def wait_for(pid: int, patience_s: float = PATIENCE_S) -> bool:
    """Waits until a process, not necessarily a child, has ended; a child is not reaped."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:  # it has, and whoever is its parent knows
        return True
    try:
        return bool(select.select([descriptor], [], [], patience_s)[0])
    finally:
        os.close(descriptor)


def descriptors_of(pid: int) -> dict[int, str]:
    """Where another process's descriptors lead, by number: it may close some while they are looked at."""

    def look() -> dict[int, str]:
        found = {}
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                found[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
        return found

    seen = look()

    def settled() -> bool:
        nonlocal seen
        before, seen = seen, look()
        return before == seen

    until(settled, f"the descriptors of {pid} to stay as they are")
    return seen


def reap(pid: int) -> int:
    """Takes a child's wait status; it must end by itself.

    Returns:
        The exit status, or minus a signal.
    """
    if not wait_for(pid):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        pytest.fail(f"process {pid} did not end")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def end_by_signals(pid: int) -> None:
    """Has a daemon end by itself, with what it runs where that doesn't.

    The second signal only where the first was not enough: one that comes while Python ends is death by it.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        if not wait_for(pid, 3.0):
            os.kill(pid, signal.SIGINT)


def idle(home: Home) -> dict[str, Any]:
    """The status of a home's daemon once it has put away what it was asked before, which it does after its answers."""

    def look() -> dict[str, Any] | None:
        status = control(Type.STATUS, home=home)
        return status if (status["running"], status["connections"]) == (0, 1) else None

    found: dict[str, Any] = until(look, "the daemon to have nothing to do")
    return found


class Daemon:
    """A running daemon, a child of this process.

    Args:
        home: whom it serves.
        program: what it runs, in Python.
        makes_shims: whether it sees to the shims, which the test has made otherwise.
        forks_compilers: whether its compilers are forks (`compilers`), where those can be had.

    Attributes:
        pid: its process.
    """

    def __init__(
        self, home: Home, program: str = PATIENT, *, makes_shims: bool = False, forks_compilers: bool = True
    ) -> None:
        self.home = home
        command = [sys.executable, "-I", "-c", program, *(["--shims"] if makes_shims else [])]
        if forks_compilers and program.endswith(PATIENT):
            command += compilers.options()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("safeshell.cli.daemon.daemon_command", lambda: command)
            launch(home)
        self.pid: int = self.status()["pid"]
        self.ended: int | None = None

    def status(self) -> dict[str, Any]:
        """What `daemon status --json` prints."""
        return control(Type.STATUS, home=self.home)

    def idle(self) -> dict[str, Any]:
        """The same, once nothing that it was asked before is left."""
        return idle(self.home)

    def wait(self) -> int:
        """Reaps it; returns its exit status, or minus a signal."""
        if self.ended is None:
            self.ended = reap(self.pid)
        return self.ended

    def stop(self) -> int:
        """Ends it with all it runs; returns its exit status."""
        if self.ended is None:
            try:
                control(Type.STOP, 2, home=self.home)
            except PersonNeededError:  # the test has set other markers, and an agent runs it
                end_by_signals(self.pid)
            except SafeShellError:
                pass
        return self.wait()


@contextlib.contextmanager
def running_daemon(
    home: Home, program: str = PATIENT, *, makes_shims: bool = False, forks_compilers: bool = True
) -> Iterator[Daemon]:
    """A daemon for as long as the block; it lets the shims alone, which a test has made, unless it is about that."""
    daemon = Daemon(home, program, makes_shims=makes_shims, forks_compilers=forks_compilers)
    try:
        yield daemon
    finally:
        status = daemon.stop()
    assert status == 0, f"the daemon ended with {status}: {daemon_log(home)}"
    assert not daemon_log(home), daemon_log(home)


def daemon_log(home: Home) -> str:
    """What the daemon had to say for itself."""
    try:
        with open(os.path.join(home.root, "daemon.log"), encoding="utf-8") as stream:
            return stream.read() or "an empty log"
    except FileNotFoundError:
        return ""


def sync_shims(home: Home, path: str = PATH) -> Synced:
    """Makes the home's shims, for the programs along a PATH."""
    before = os.environ.get("PATH")
    os.environ["PATH"] = path
    try:
        return sync(home)
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before


def enroll(home: Home, pin: str) -> None:
    """Sets a home's PIN as a person would have, but at no cost: each further try is as cheap."""
    cost = {"n": 2, "r": 1, "p": 1}
    made = hashlib.scrypt(pin.encode(), salt=b"", dklen=32, **cost)
    record = {**cost, "salt": "", "hash": made.hex(), "wrong": 0, "until": 0.0, "boot": ""}
    write(home.pin, json.dumps(record))


def environment(home: Home, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """A bare environment with the home's shims first on PATH; no agent's marker in it."""
    return {
        "PATH": f"{home.shims}:{PATH}",
        "HOME": home.root,
        "SAFESHELL_HOME": home.root,
        "LC_ALL": "C.UTF-8",
        **(more or {}),
    }


def run(
    home: Home,
    *argv: str | bytes,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    stdin: bytes = b"",
    timeout: float = PATIENCE_S,
) -> subprocess.CompletedProcess[bytes]:
    """Runs a command behind the home's shims: clean descriptors, a session of its own and so no terminal."""
    return subprocess.run(
        argv,
        env=environment(home, env),
        cwd=cwd or home.root,
        input=stdin,
        capture_output=True,
        start_new_session=True,
        timeout=timeout,
        check=False,
    )


def safeshell(
    home: Home, *argv: str, env: Mapping[str, str] | None = None, cwd: str | None = None, timeout: float = PATIENCE_S
) -> subprocess.CompletedProcess[str]:
    """Runs the `safeshell` command for a home, its shims not on PATH.

    A fork of this process becomes the command: to import what the command needs takes longer than most tests. With
    variables of the test's own it is a new one, for what the kernel tells of a process are those it was started with.
    """
    command = [SAFESHELL, *argv]
    whole, directory = {**environment(home), "PATH": PATH}, cwd or home.root
    if env is None:
        return _forked(command, whole, directory, timeout)
    return subprocess.run(
        command,
        env={**whole, **env},
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=timeout,
        check=False,
    )


def _forked(command: list[str], env: Mapping[str, str], cwd: str, timeout: float) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            try:
                _become(command, env, cwd, out.fileno(), err.fileno())
            finally:
                os._exit(os.EX_SOFTWARE)
        if not wait_for(pid, timeout):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise subprocess.TimeoutExpired(command, timeout)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        shown = [os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode() for file in (out, err)]
    return subprocess.CompletedProcess(command, status, *shown)


def _become(command: list[str], env: Mapping[str, str], cwd: str, out: int, err: int) -> None:
    """Has this process, a fork, be the command from here on."""
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, descriptor in enumerate((os.open(os.devnull, os.O_RDONLY), out, err)):
        os.dup2(descriptor, number)
    os.closerange(3, 1 << 16)
    # As Python opens them in the locale C.UTF-8.
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape")  # noqa: SIM115 # the process's
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape")  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1)  # noqa: SIM115
    sys.argv = command
    try:
        main()
    except SystemExit as ended:
        sys.stdout.flush()
        os._exit(ended.code if isinstance(ended.code, int) else 0)
