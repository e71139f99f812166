"""A guarded home with commands that count themselves, and what has to hold for them whatever fault came in between.

Every command writes into a ledger when it really runs. Afterwards each has ended as it should, or its client has said
why it didn't; none ran twice; none that is denied ran without a line that says so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from harness import PATH, PATIENCE_S, SAFESHELL, _naming, make_home, sync_shims, wait_for, write

from safeshell.audit.files import log_path, opened
from safeshell.audit.verify import Kind, verify
from safeshell.client import control
from safeshell.errors import PersonNeededError, SafeShellError
from safeshell.home.paths import Home
from safeshell.protocol import Type

RULES = """\
version: 1
rules:
  - {name: no-such-word, commands: [count, here, waits], conditions: [{command_contains: forbidden}], action: deny,
     message: That word.}
  - {name: in-place, commands: [here], action: allow, execution: in_place, message: Here.}
  - {name: to-trash, commands: [rm], context: ai_only, action: redirect, redirect_to: safeshell-trash $ARGS,
     message: To the trash.}
"""
STRICTER = (
    RULES
    + "  - {name: no-stricter-word, commands: [count], conditions: [{command_contains: stricter}],\
 action: deny, message: Stricter.}\n"
)
"""The same, edited: one rule more."""

CONFIG = "audit: all\n"
HANGS_S = 45.0
"""When a command counts as one that hangs."""

SMALL = 4 << 20
"""Bytes of a small disk."""

COUNT = """\
#!/bin/sh
echo "$NUMBER" >>"$LEDGER"
echo "out $NUMBER"
echo "err $NUMBER" >&2
exit $((NUMBER % 5))
"""
WAITS = """\
#!/bin/sh
echo "$NUMBER" >>"$LEDGER"
read -r line
echo "out $NUMBER"
echo "err $NUMBER" >&2
exit $((NUMBER % 5))
"""
PROGRAMS = {"count": COUNT, "here": COUNT, "waits": WAITS}

DAEMON = """
import sys
from safeshell.host.process import status
del status._CONFINING[b"TracerPid"], status._REASONS[b"TracerPid"]
from safeshell.daemon.sources import policy_source, shim_upkeep
policy_source.WAIT_S = 20.0
shim_upkeep.START_S = shim_upkeep.SETTLE_S = shim_upkeep.QUIET_S = 1e6
from safeshell.daemon.__main__ import main
{more}
sys.exit(main())
"""
"""A daemon to which who is traced is as everybody else: strace stands before one of the two, and commands shall go the
way of those that the daemon runs. And they wait longer for an edit: on a busy machine compiling it takes seconds. It
makes no shims by itself. Only this is other than in a daemon that a client starts."""

UNGUARDED = b"running the command unguarded"
LINE = b"safeshell: "
AI = {"SAFESHELL_CONTEXT": "ai"}


class Ended(NamedTuple):
    """How a command ended: its number, whether it is forbidden; its status, or minus a signal; what it wrote."""

    number: int
    forbidden: bool
    status: int
    out: bytes
    err: bytes


class BrokenError(AssertionError):
    """A promise was broken."""


NO_ROOM: tuple[Kind, ...] = ("lost", "torn")
"""What the log says of records that there was no room for."""


class Scene:
    """A home in a directory of its own.

    Attributes:
        root: the directory.
        home: the home.
        outcomes: how commands ended, in words, counted.
        shims: the directory of the shims that commands are called by.
        count: how many commands were started, each with the next number.
        killed: a client was killed on purpose: an end by that signal is no surprise.
        may_lose: records could not be written, or what they were in was lost: that the log says so is no surprise.
    """

    def __init__(self, *, small: bool = False) -> None:
        """Makes it; `small`: the home is a file system in memory of its own, of a few MiB, for who may mount."""
        self.root = tempfile.mkdtemp(prefix="sf", dir="/tmp")
        self.ledger = os.path.join(self.root, "ledger")
        self.work = os.path.join(self.root, "work")
        self.bin = os.path.join(self.root, "bin")
        os.mkdir(self.work)
        os.mkdir(self.bin)
        for name, text in PROGRAMS.items():
            write(os.path.join(self.bin, name), text, 0o755)
        root = os.path.join(self.root, "h")
        if small:
            os.mkdir(root)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL},mode=700", "none", root], check=True)
        self.home: Home = make_home(root, RULES, CONFIG)
        sync_shims(self.home, f"{self.bin}:{PATH}")
        self.shims = self.home.shims
        self.outcomes: Counter[str] = Counter()
        self.killed = False
        self.may_lose: tuple[Kind, ...] = ()
        self.count = 0
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._running: list[tuple[subprocess.Popen[bytes], int, bool]] = []

    # Commands

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What commands are given."""
        return {
            "PATH": f"{self.shims}:{self.bin}:{PATH}",
            "HOME": self.root,
            "SAFESHELL_HOME": self.home.root,
            "LEDGER": self.ledger,
            "LC_ALL": "C.UTF-8",
            **(more or {}),
        }

    def start(
        self,
        name: str,
        *words: str,
        prefix: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        gate: int | None = None,
        **options: Any,
    ) -> subprocess.Popen[bytes]:
        """Starts a command with a number of its own in its environment; `finish` tells how it ended."""
        self.count += 1
        argv = [*prefix, os.path.join(self.shims, name), *words]
        process = subprocess.Popen(
            argv,
            env=self.environment({"NUMBER": str(self.count), **(env or {})}),
            cwd=self.work,
            stdin=subprocess.DEVNULL if gate is None else gate,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            **options,
        )
        self._running.append((process, self.count, "forbidden" in words))
        return process

    def finish(self) -> list[Ended]:
        """Waits for every command that was started, and holds each against the promises.

        Raises:
            BrokenError: one is not as promised.
        """
        ended = [self._end(*one) for one in self._running]
        self._running.clear()
        for one in ended:
            self.outcomes[self._judge(one)] += 1
        return ended

    def call(self, name: str, *words: str, **options: Any) -> Ended:
        """Runs one to its end, whatever else runs.

        Raises:
            BrokenError: it is not as promised.
        """
        self.start(name, *words, **options)
        ended = self._end(*self._running.pop())
        self.outcomes[self._judge(ended)] += 1
        return ended

    @staticmethod
    def _end(process: subprocess.Popen[bytes], number: int, forbidden: bool) -> Ended:
        try:
            out, err = process.communicate(timeout=HANGS_S)
        except subprocess.TimeoutExpired:
            _give_up(process)
            raise BrokenError(f"command {number} hangs") from None
        return Ended(number, forbidden, process.returncode, out, err)

    def ran(self, number: int) -> int:
        """How many times a command really ran."""
        with contextlib.suppress(FileNotFoundError), open(self.ledger, encoding="ascii") as stream:
            return stream.read().split().count(str(number))
        return 0

    def _judge(self, ended: Ended) -> str:
        number, status, ran = ended.number, ended.status, self.ran(ended.number)
        lines = [line for line in ended.err.splitlines() if line.startswith(LINE)]
        rest = b"".join(line + b"\n" for line in ended.err.splitlines() if not line.startswith(LINE))
        if b"Traceback" in ended.err:
            raise BrokenError(f"a traceback: {ended}")
        if ran > 1:
            raise BrokenError(f"it ran {ran} times: {ended}")
        if self.killed and status == -signal.SIGKILL:
            return "killed"
        if ran and status == number % 5 and ended.out == b"out %d\n" % number and rest == b"err %d\n" % number:
            if not ended.forbidden:
                return "ran, with a line" if lines else "ran"
            if lines and UNGUARDED in lines[-1]:
                return "unguarded, with a line"
            raise BrokenError(f"it is denied and ran: {ended}")
        if ended.forbidden and ran:
            raise BrokenError(f"it is denied and ran: {ended}")
        if status == 126 and lines and not ran:
            return "denied"
        if not lines:
            raise BrokenError(f"not as it should be, and no line says why (it ran {ran} times): {ended}")
        if ran and status == 126:
            raise BrokenError(f"it ran, and its client says it was denied: {ended}")
        return f"{status}, with a line"

    # The daemon

    def start_daemon(
        self, prefix: Sequence[str] = (), more: str = "", env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[bytes] | None:
        """Starts a daemon as a client would, in front of it these words; None: it did not come to listen."""
        reader, writer = os.pipe()
        command = [sys.executable, "-I", "-c", DAEMON.format(more=more)]
        process = subprocess.Popen(
            [*prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            env={
                "SAFESHELL_HOME": self.home.root,
                "SAFESHELL_READY_FD": str(writer),
                "HOME": self.root,
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                **(env or {}),
            },
            pass_fds=(writer,),
            start_new_session=True,
            **options,
        )
        os.close(writer)
        with os.fdopen(reader, "rb") as ready:
            listens = bool(ready.read(1))
        self._daemons.append(process)
        if listens:
            return process
        said = process.communicate(timeout=PATIENCE_S)[1]
        if b"Traceback" in said and not said.splitlines()[-1].startswith((b"MemoryError", b"ImportError")):
            raise BrokenError(f"the daemon did not start: {said.decode()}")
        return None

    def status(self) -> dict[str, Any] | None:
        """Of the daemon, or None where none answers."""
        with contextlib.suppress(SafeShellError):
            return control(Type.STATUS, home=self.home)
        return None

    def pid(self) -> int:
        """The daemon's."""
        status = self.status()
        assert status is not None, "no daemon"
        return int(status["pid"])

    def stop_daemon(self) -> None:
        """Ends it, whoever started it."""
        with contextlib.suppress(SafeShellError, ProcessLookupError):
            pid = control(Type.STATUS, home=self.home)["pid"]
            try:
                control(Type.STOP, 2, home=self.home)
            except PersonNeededError:  # an agent runs this, and the settings are not those of the scene
                os.kill(pid, signal.SIGTERM)
                os.kill(pid, signal.SIGINT)
            wait_for(pid)

    # What holds in the end

    def recover(self, *, rules_hold: bool = False) -> None:
        """The next commands work: one runs, a denied one is denied, by whatever daemon; the log's chain holds.

        Args:
            rules_hold: an edit that adds a rule (`STRICTER`) is in force by now, too.

        Raises:
            BrokenError: it isn't so.
        """
        self.killed = False
        for name in ("count", "here"):
            ended = self.once_settled(name)
            if ended.status != ended.number % 5 or LINE in ended.err:
                raise BrokenError(f"the next command: {ended}")
        ended = self.call("count", "forbidden")
        if ended.status != 126:
            raise BrokenError(f"the next command that is denied: {ended}")
        if rules_hold:
            ended = self.once_settled("count", "stricter")
            if ended.status != 126:
                raise BrokenError(f"the edit isn't in force: {ended}")
        self.check_log()

    def once_settled(self, *argv: str) -> Ended:
        """A command, once nothing is said of the rules any more: what failed before is compiled again after a while."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            ended = self.call(*argv)
            of_rules = LINE + os.fsencode(self.home.rules)  # a denial names them, too, but later
            if of_rules not in ended.err or time.monotonic() > deadline:
                return ended
            time.sleep(0.1)

    def check_log(self) -> None:
        """The audit log's chain holds; records that couldn't be written are said.

        Raises:
            BrokenError: it doesn't.
        """
        status = self.status()
        head = None if status is None else status["audit"]
        with opened(log_path(self.home)) as streams:
            found = verify(streams, head)
        wrong = [finding for finding in found.findings if finding.kind not in self.may_lose]
        if wrong:
            raise BrokenError(f"the log: {wrong[0]}")
        with (
            contextlib.suppress(FileNotFoundError),
            open(os.path.join(self.home.root, "daemon.log"), encoding="utf-8") as stream,
        ):
            said = stream.read()
            if "Traceback" in said:
                raise BrokenError(f"a bug of the daemon's: {said}")

    def safeshell(
        self, *words: str, prefix: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs `safeshell`, or what stands before it."""
        return subprocess.run(
            [*prefix, SAFESHELL, *words],
            env={**self.environment(env), "PATH": PATH, "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            timeout=3 * PATIENCE_S,
            check=False,
        )

    def sync_shims(self, prefix: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Runs `safeshell shims sync`, the scene's programs on PATH."""
        return self.safeshell("shims", "sync", prefix=(*prefix, "env", f"PATH={self.bin}:{PATH}"))

    def keep_shims(self) -> None:
        """Commands are called by shims outside of the home from now on: it may go."""
        self.shims = os.path.join(self.root, "kept")
        shutil.copytree(self.home.shims, self.shims)

    def edit(self, text: str = STRICTER) -> None:
        """Edits the rules."""
        write(self.home.rules, text)

    def close(self) -> None:
        """Ends all that is left, and removes the directory."""
        self.stop_daemon()
        self.end_all()
        subprocess.run(["umount", "-l", self.home.root], check=False, capture_output=True)
        shutil.rmtree(self.root, ignore_errors=True)

    def end_all(self) -> None:
        """Ends every process of the scene."""
        deadline = time.monotonic() + 5
        while left := _naming(os.fsencode(self.root)):
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    if time.monotonic() > deadline - 4:
                        os.kill(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        for process in self._daemons:
            if process.stderr is not None:
                process.stderr.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
        for process, _, _ in self._running:
            _give_up(process)


def _give_up(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdout, process.stderr):  # whose other ends a daemon may hold
        if stream is not None:
            stream.close()


@contextlib.contextmanager
def scene(*, small: bool = False) -> Iterator[Scene]:
    """A scene for as long as the block."""
    made = Scene(small=small)
    try:
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def gate() -> Iterator[tuple[int, Any]]:
    """The input of commands that wait, and what lets them go on."""
    reader, writer = os.pipe()
    opened = False

    def release() -> None:
        nonlocal opened
        if not opened:
            opened = True
            os.close(writer)

    try:
        yield reader, release
    finally:
        release()
        os.close(reader)


def state_of(pid: int) -> str:
    """The letter that /proc has for what a process does."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stream:
        return stream.read().rpartition(")")[2].split()[0]
