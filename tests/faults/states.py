"""Faults of the machine around a daemon with commands running: disks, limits, stops, clocks, mounts, homes, versions.

Each try is a function of a scene. What a machine can't give (to be root, a compiler, a control group) is said by
`needs`, and the page says that it wasn't tried.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from faults.calls import STOPPED_S
from faults.scene import AI, LINE, NO_ROOM, RULES, UNGUARDED, BrokenError, Scene, gate, state_of
from faults.stand_ins import Clock, SilentMount
from faults.subjects import plant_and_remove
from harness import until, wait_for, write
from shims.fake_daemon import execute as exec_reply
from shims.fake_daemon import frame

from safeshell.client import evaluate_line
from safeshell.errors import SafeShellError

KIB = 1024
Try = Callable[[Scene], None]


class State(NamedTuple):
    """A fault of the machine.

    Attributes:
        fault, name: what it is, and on what, for the page.
        holds: what has to hold, in words.
        tries: each in a scene of its own.
        needs: what the machine has to have, as `tests/needs.py` names it.
        mounts: whether each try wants mounts of its own.
        stand_in: what is simulated, or "".
    """

    fault: str
    name: str
    holds: str
    tries: tuple[Try, ...]
    needs: tuple[str, ...] = ()
    mounts: bool = False
    stand_in: str = ""


@contextlib.contextmanager
def running(scene: Scene, names: tuple[str, ...] = ("waits", "waits")) -> Iterator[None]:
    """Commands that run for as long as the block, and then end as they should, or say why not."""
    with gate() as (closed, release):
        first = scene.count + 1
        for name in names:
            scene.start(name, gate=closed)
        until(lambda: all(scene.ran(first + at) for at in range(len(names))), "the commands to run")
        yield
        release()
        scene.finish()


def some(scene: Scene) -> None:
    """One command of each kind."""
    scene.call("count")
    scene.call("here")
    scene.call("count", "forbidden")
    with contextlib.suppress(SafeShellError):
        evaluate_line("count forbidden", env=scene.environment(), home=scene.home)


# The disk


def small_disk(left: int, scene: Scene) -> None:
    """A home on a disk that is full but for so many bytes."""
    scene.start_daemon()
    filler = os.path.join(scene.home.root, "filler")
    with running(scene):
        scene.call("count")
        _fill(filler, left)
        for _ in range(30):
            some(scene)
        with contextlib.suppress(OSError):
            scene.edit()
        some(scene)
        said = scene.safeshell("compile")
        if "bug" in said.stderr or "Traceback" in said.stderr:
            raise BrokenError(f"compile on a full disk: {said.stderr}")
        scene.sync_shims()
        some(scene)
    os.unlink(filler)
    scene.edit()
    scene.may_lose = NO_ROOM
    scene.recover(rules_hold=True)
    scene.stop_daemon()
    scene.recover(rules_hold=True)


def _fill(path: str, left: int) -> None:
    with open(path, "wb", buffering=0) as stream:
        with contextlib.suppress(OSError):
            while stream.write(b"x" * 64 * KIB) == 64 * KIB:
                pass
        with contextlib.suppress(OSError):
            while stream.write(b"x" * 512):
                pass
        stream.truncate(max(0, stream.tell() - left))


def start_on_full_disk(scene: Scene) -> None:
    """A client starts the daemon where the disk is full."""
    filler = os.path.join(scene.home.root, "filler")
    _fill(filler, 0)
    some(scene)
    scene.stop_daemon()
    os.unlink(filler)
    scene.may_lose = NO_ROOM
    scene.recover()


# Limits


def few_descriptors(limit: int, scene: Scene) -> None:
    """A daemon with few descriptors, and more commands at once than it has."""
    scene.start_daemon(preexec_fn=partial(resource.setrlimit, resource.RLIMIT_NOFILE, (limit, limit)))
    with running(scene):
        for _ in range(limit // 2):
            for name in ("count", "here"):
                scene.start(name)
        some(scene)
        scene.edit()
        some(scene)
    scene.recover(rules_hold=True)


def little_memory(more: int, scene: Scene) -> None:
    """A running daemon that gets no more than so many bytes."""
    scene.start_daemon()
    pid = scene.pid()
    with running(scene):
        some(scene)
        with open(f"/proc/{pid}/statm", encoding="ascii") as stream:
            size = int(stream.read().split()[0]) * resource.getpagesize()
        before = resource.prlimit(pid, resource.RLIMIT_AS)
        resource.prlimit(pid, resource.RLIMIT_AS, (size + more, before[1]))
        for words in range(6):
            scene.call("count", *["x" * 100_000] * 3 * words)
        some(scene)
        scene.edit()
        some(scene)
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_AS, before)
    scene.recover(rules_hold=True)


GROUPS = ("/sys/fs/cgroup/pids", "/sys/fs/cgroup")


def few_processes(more: int, scene: Scene) -> None:
    """A daemon in a control group that has room for so many processes more."""
    top = next(top for top in GROUPS if os.path.exists(os.path.join(top, "cgroup.procs")))
    group = os.path.join(top, os.path.basename(scene.root))
    os.mkdir(group)
    try:
        scene.start_daemon()
        pid = scene.pid()
        _put(group, "cgroup.procs", str(pid))
        with running(scene):
            scene.call("count")
            with open(os.path.join(group, "pids.current"), encoding="ascii") as stream:
                now = int(stream.read())
            _put(group, "pids.max", str(now + more))
            for _ in range(8):
                scene.start("count")
            some(scene)
            scene.edit()
            some(scene)
            _put(group, "pids.max", "max")
        scene.recover(rules_hold=True)
    finally:
        scene.stop_daemon()
        scene.end_all()
        until(lambda: not _pids(group), "the group to be empty")
        os.rmdir(group)


def _put(group: str, name: str, text: str) -> None:
    with open(os.path.join(group, name), "w", encoding="ascii") as stream:
        stream.write(text)


def _pids(group: str) -> list[str]:
    with open(os.path.join(group, "cgroup.procs"), encoding="ascii") as stream:
        return stream.read().split()


# Stopped


def stopped_daemon(scene: Scene) -> None:
    """A daemon that is stopped for seconds: what runs and what comes waits for it."""
    scene.start_daemon()
    pid = scene.pid()
    with running(scene):
        scene.call("count")
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(STOPPED_S, os.kill, (pid, signal.SIGCONT)).start()
        for _ in range(4):
            scene.start("count")
            scene.start("count", "forbidden")
            scene.start("here", env=AI)
        while state_of(pid) != "T":
            pass
        until(lambda: state_of(pid) != "T", "the daemon to go on")
    scene.recover()


def stopped_client(scene: Scene) -> None:
    """Clients that are stopped at whatever they are at, for seconds."""
    scene.start_daemon()
    with running(scene):
        processes = [scene.start("count") for _ in range(10)]
        for delay, process in enumerate(processes):
            with contextlib.suppress(ProcessLookupError):
                time.sleep(delay / 2000)
                os.kill(process.pid, signal.SIGSTOP)
        for _ in range(3):
            some(scene)
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
    scene.recover()


def stopped_writer(scene: Scene) -> None:
    """Somebody holds the tables' lock, and the log's, and is stopped."""
    scene.start_daemon(more="policy_source.WAIT_S = 2.0")
    holder = subprocess.Popen(
        ["flock", f"{scene.home.tables}-lock", "flock", scene.home.audit, "sh", "-c", "echo; kill -STOP $$"],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        with running(scene):
            some(scene)
            scene.edit()
            some(scene)
    finally:
        _continue(holder)
    scene.may_lose = NO_ROOM
    scene.recover(rules_hold=True)


def _child_of(pid: int) -> int:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as stream:
        return int(stream.read().split()[0])


def _continue(holder: subprocess.Popen[bytes]) -> None:
    found = [holder.pid]
    while found[-1]:
        try:
            found.append(_child_of(found[-1]))
        except (OSError, IndexError):
            break
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    holder.communicate(timeout=20)


# The clock

DAY = 24 * 3600


def set_clock(jumps: tuple[int, ...], scene: Scene) -> None:
    """The clock of daemon and tools is set by so many seconds, again and again."""
    with Clock(scene.root) as clock:
        scene.start_daemon(env=clock.environment)
        with running(scene):
            some(scene)
            for jump in jumps:
                clock.set(jump)
                some(scene)
                scene.edit()
                os.utime(scene.home.rules, (time.time() + jump, time.time() + jump))
                some(scene)
                said = scene.safeshell("log", "verify", env=clock.environment)
                if said.returncode not in (0, 2):
                    raise BrokenError(f"log verify: {said.stdout}{said.stderr}")
                scene.edit(RULES)
                some(scene)
        plant_and_remove(scene, clock.environment)
        clock.set(0)
        plant_and_remove(scene, clock.environment)
        scene.edit()
        scene.recover(rules_hold=True)


# A mount that doesn't answer


def silent_operand(scene: Scene) -> None:
    """A file on a mount that doesn't answer is named in a command that a rule asks where it is."""
    _silent(scene, lambda mount: scene.start("count", f"{mount}/x"))


def silent_directory(scene: Scene) -> None:
    """PATH leads through a mount that doesn't answer."""
    _silent(
        scene,
        lambda mount: scene.start("count", env={"PATH": f"{scene.home.shims}:{mount}/bin:{scene.bin}:/usr/bin:/bin"}),
        asker_waits=True,  # as natively: a shell that is given this PATH waits for the mount, too
    )


def silent_include(scene: Scene) -> None:
    """An edit of the rules includes a file on a mount that doesn't answer."""

    def include(mount: str) -> None:
        scene.edit(RULES.replace("rules:", f"include: [{mount}/rules.yaml]\nrules:", 1))
        scene.start("count")

    _silent(scene, include)


def _silent(scene: Scene, ask: Callable[[str], object], *, asker_waits: bool = False) -> None:
    under = f'[{{operand_under: ["{scene.root}/silent/below"]}}]'
    scene.edit(RULES + f"  - {{name: on-mount, commands: [count], conditions: {under}, action: deny, message: No.}}\n")
    scene.start_daemon(more="policy_source.WAIT_S = 2.0")
    scene.once_settled("count")
    with SilentMount(os.path.join(scene.root, "silent")) as mount:
        with running(scene):
            ask(mount.path)
            began = time.monotonic()
            some(scene)
            took = time.monotonic() - began
            if took > 20:
                raise BrokenError(f"everybody's commands waited {took:.0f} s")
            if asker_waits:
                mount.end()
        mount.end()
    scene.edit(RULES)
    scene.recover()


# A home that goes and comes


def home_away(how: str, scene: Scene) -> None:
    """The home is gone for a while, with commands running and commands coming."""
    scene.keep_shims()
    scene.start_daemon()
    pid = scene.pid()
    away = f"{scene.home.root}.away"
    with running(scene):
        scene.call("count")
        match how:
            case "moved":
                os.rename(scene.home.root, away)
            case "emptied":
                shutil.copytree(scene.home.root, away, symlinks=True, ignore=shutil.ignore_patterns("daemon.sock"))
                for name in os.listdir(scene.home.root):
                    path = os.path.join(scene.home.root, name)
                    shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
            case "unmounted":
                subprocess.run(["mount", "--move", scene.home.root, _made(away)], check=True)
            case "covered":
                subprocess.run(["mount", "-t", "tmpfs", "none", scene.home.root], check=True)
        for env in ({}, AI):
            ended = scene.call("count", env=env)
            scene.call("count", "forbidden", env=env)
            if env and UNGUARDED in ended.err:
                raise BrokenError(f"an agent's command ran unguarded: {ended}")
        match how:
            case "moved":
                shutil.rmtree(scene.home.root, ignore_errors=True)
                os.rename(away, scene.home.root)
            case "emptied":
                shutil.copytree(away, scene.home.root, symlinks=True, dirs_exist_ok=True)
            case "unmounted":
                subprocess.run(["mount", "--move", away, scene.home.root], check=True)
            case "covered":
                subprocess.run(["umount", "-l", scene.home.root], check=True)
    scene.may_lose = ("lost", "missing")  # those of the meantime are in a log that went with what was there instead
    scene.recover()
    with contextlib.suppress(ProcessLookupError):
        if scene.pid() != pid:
            wait_for(pid, 40)


def _made(path: str) -> str:
    os.mkdir(path)
    return path


# Other versions


def other_protocol(version: int, scene: Scene) -> None:
    """A client of another version of the protocol."""
    scene.start_daemon()
    with running(scene):
        body = struct.pack("<IIIIIiQ", 1, 0, 2, 0, 2, 0, 0) + b"/x" + b"x\0"
        for kind in (1, 2, 4, 7, 12, 200):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(10)
                sock.connect(scene.home.socket)
                sock.sendall(struct.pack("<4sBBHI", b"SfSh", version, kind, 0, len(body)) + body)
                sock.shutdown(socket.SHUT_WR)
                answer = b""
                while got := sock.recv(4096):
                    answer += got
                if answer[:1] != b"\3" or b"safeshell: " not in answer:
                    raise BrokenError(f"a client of version {version} got {answer!r}")
        some(scene)
    scene.recover()


def other_daemon(answer: bytes, scene: Scene) -> None:
    """A daemon that answers what this client doesn't know."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(scene.home.socket)
        listener.listen(20)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                sock, _ = listener.accept()
                with sock, contextlib.suppress(OSError):
                    sock.recv(1 << 20)
                    sock.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        for env in ({}, AI):
            for words in ((), ("forbidden",)):
                ended = scene.call("count", *words, env=env)
                if ended.status != 125 or LINE not in ended.err:
                    raise BrokenError(f"a client that was answered {answer[:20]!r}: {ended}")
        if scene.safeshell("daemon", "status").returncode == 0:
            raise BrokenError("daemon status finds nothing wrong")
        stop.set()
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(scene.home.socket)
        thread.join()
    scene.recover()


def other_table(how: str, scene: Scene) -> None:
    """Tables that another version has written, or that are no tables; while a daemon runs, then for a new one."""
    scene.start_daemon()
    with running(scene):
        some(scene)
        _damage_tables(scene.home.tables, how)
        some(scene)
        scene.edit()
        some(scene)
    scene.stop_daemon()
    _damage_tables(scene.home.tables, how)
    scene.recover(rules_hold=True)


def _damage_tables(path: str, how: str) -> None:
    match how:
        case "gone":
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        case "empty":
            os.truncate(path, 0)
        case "short":
            os.truncate(path, os.path.getsize(path) // 2)
        case "another":
            write(path, "a table of another time\n" * 1000)
        case _:
            with open(path, "r+b") as stream:
                data = stream.read()
                before, _, after = how.partition("=")
                stream.seek(0)
                stream.write(data.replace(before.encode(), after.encode()))


def no_handover(scene: Scene) -> None:
    """A running daemon of before there was HANDOVER, restarted by this version."""
    scene.start_daemon(more=OLD)
    with running(scene):
        scene.call("count")
        said = scene.safeshell("daemon", "restart")
        if said.returncode:
            raise BrokenError(f"restart: {said.stderr}")
        some(scene)
    scene.recover()


OLD = """
from safeshell.daemon import control as c
from safeshell.errors import ProtocolError
before = c.Control.handle
def handle(self, request, event):
    if getattr(event, "kind", None) == 7:
        request.connection.refuse(125, "safeshell: there is no request of type 7")
        return
    before(self, request, event)
c.Control.handle = handle
"""

STATES = (
    State(
        "the disk is full",
        "home of a running daemon",
        "what runs ends as it should; rules in force stay; an edit is in force, or said; the log tells what it lost",
        tuple(partial(small_disk, left) for left in (0, 4 * KIB, 16 * KIB, 64 * KIB, 200 * KIB)),
        ("root", "unshare", "mount"),
        mounts=True,
    ),
    State(
        "the disk is full",
        "a client that starts the daemon",
        "it starts, or the client says why",
        (start_on_full_disk,),
        ("root", "unshare", "mount"),
        mounts=True,
    ),
    State(
        "out of descriptors",
        "the daemon (RLIMIT_NOFILE), more commands at once",
        "each command runs once, or its client says why not",
        tuple(partial(few_descriptors, limit) for limit in (32, 48, 64, 100)),
    ),
    State(
        "out of memory",
        "the daemon (RLIMIT_AS)",
        "each command runs once, or its client says why not; the next one works",
        tuple(partial(little_memory, more) for more in (0, 64 * KIB, 1 << 20, 4 << 20, 16 << 20)),
    ),
    State(
        "out of processes",
        "the daemon (pids.max)",
        "commands run in place, or their clients say why not; the edit comes into force",
        tuple(partial(few_processes, more) for more in (0, 1, 2, 4)),
        ("root", "pids"),
    ),
    State("stopped for seconds", "the daemon", "what runs and what comes waits, and goes on", (stopped_daemon,)),
    State("stopped for seconds", "clients", "nobody else waits; each goes on", (stopped_client,) * 3),
    State(
        "stopped for seconds",
        "a writer that holds the locks of tables and log",
        "commands go on by the rules in force, with a line; the edit comes into force",
        (stopped_writer,),
        ("flock",),
    ),
    State(
        "the clock is set",
        "daemon and trash, by a year, a day, a minute, both ways",
        "edits are in force at once; the log's chain holds; what is in the trash comes back",
        tuple(
            partial(set_clock, jumps)
            for jumps in ((365 * DAY, -365 * DAY), (-DAY, DAY, -DAY), (60, -60, 0), (-50 * 365 * DAY, 0))
        ),
        ("cc",),
        stand_in="a library before libc answers time, gettimeofday and clock_gettime; the kernel's own file times stay",
    ),
    State(
        "a mount does not answer",
        "an operand that a rule asks about",
        "nobody else's command waits for it",
        (silent_operand,),
        ("root", "fuse"),
        mounts=True,
        stand_in="a FUSE server that reads no request",
    ),
    State(
        "a mount does not answer",
        "a directory on PATH",
        "nobody else's command waits for it",
        (silent_directory,),
        ("root", "fuse"),
        mounts=True,
        stand_in="a FUSE server that reads no request",
    ),
    State(
        "a mount does not answer",
        "a file that the rules include",
        "commands go on by the rules in force, with a line",
        (silent_include,),
        ("root", "fuse"),
        mounts=True,
        stand_in="a FUSE server that reads no request",
    ),
    State(
        "the home goes and comes",
        "moved away, or emptied, and back",
        "what runs ends as it should; a person's command runs with a line, an agent's doesn't; then it is as before",
        tuple(partial(home_away, how) for how in ("moved", "emptied")),
    ),
    State(
        "the home goes and comes",
        "unmounted, or another mounted over it",
        "the same",
        tuple(partial(home_away, how) for how in ("unmounted", "covered")),
        ("root", "unshare", "mount"),
        mounts=True,
    ),
    State(
        "another version",
        "of a client",
        "it is refused with a reason; nothing runs",
        tuple(partial(other_protocol, version) for version in (0, 2, 255)),
    ),
    State(
        "another version",
        "of a daemon, whose answers nobody knows",
        "125 with a line; nothing runs",
        tuple(
            partial(other_daemon, answer)
            for answer in (
                *(b"", frame(99), frame(1, b"what?\n"), exec_reply(b"/bin/true")[:-3], b"HTTP/1.1 400 Bad\r\n\r\n"),
                *(frame(4, b"\0" * 8), frame(3, b"")),
            )
        ),
    ),
    State(
        "another version",
        "of a daemon that can't hand over",
        "what runs ends under it; the next serves",
        (no_handover,),
    ),
    State(
        "another version",
        "of the tables, or none, or half of them",
        "they are compiled again by the first command",
        tuple(
            partial(other_table, how)
            for how in (
                "gone",
                "empty",
                "short",
                "another",
                '"format": 1="format": 9',
                "tables=tablfs",
                "digest=tsegid",
            )
        ),
    ),
)
