"""What faults are tried on, with commands running: runs of which any one system call may fail, and what has to hold.

A subject is run in a scene, with words in front of its process (strace's), and ends in `Scene.recover`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from faults.scene import BrokenError, Scene, gate
from harness import SAFESHELL, until, write
from trash.bins import names
from trash.test_interrupted import is_safe, plant
from trash.twins import snapshot

from safeshell.client import evaluate_line
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.install.native import native_client, native_front

Prefix = Sequence[str]
KILLED = -int(signal.SIGKILL)
MEMORY = ".memory.json"
"""What the shims' directory remembers; and one that a killed process was writing."""


class Subject(NamedTuple):
    """What a fault is tried on.

    Attributes:
        name: of the component, for the page.
        holds: what has to hold, in words.
        run: runs it, and raises `BrokenError` where that doesn't hold.
        each: whether it has processes of its own, which the fault may be in.
        becomes: whether its process becomes the command in the end, whose faults are its own.
    """

    name: str
    holds: str
    run: Callable[[Scene, Prefix], None]
    each: bool = False
    becomes: bool = False


def _said(done: subprocess.CompletedProcess[str], *statuses: int) -> None:
    """One that a fault hit ended with such a status, or was killed, and said no traceback."""
    said = done.stdout + done.stderr
    if "Traceback" in said or "bug" in said or done.returncode not in (0, KILLED, *statuses):
        raise BrokenError(f"it ended with {done.returncode}: {said}")
    if done.returncode > 0 and not said.strip():
        raise BrokenError(f"it ended with {done.returncode} and said nothing")


def _mended(done: subprocess.CompletedProcess[str], *statuses: int) -> None:
    """The same again, without a fault, works."""
    if done.returncode not in (0, *statuses):
        raise BrokenError(f"again, it ended with {done.returncode}: {done.stdout}{done.stderr}")


def compiler(scene: Scene, prefix: Prefix) -> None:
    """`safeshell compile` of an edit."""
    scene.start_daemon()
    with gate() as (closed, release):
        scene.start("waits", gate=closed)
        until(lambda: scene.ran(1), "the command to run")
        scene.edit()
        _said(scene.safeshell("compile", prefix=prefix), 1, 125)
        scene.start("count")
        scene.start("count", "forbidden")
        release()
        scene.finish()
    _mended(scene.safeshell("compile"))
    scene.recover(rules_hold=True)
    scene.stop_daemon()
    scene.recover(rules_hold=True)  # by another daemon, of what was published
    left = [name for name in os.listdir(scene.home.root) if ".new-" in name]
    if len(left) > 1:
        raise BrokenError(f"left behind: {left}")


def publisher(scene: Scene, prefix: Prefix) -> None:
    """The process that compiles and publishes for a daemon."""
    scene.start_daemon()
    scene.call("count")
    scene.edit()
    memory = os.memfd_create("table", os.MFD_ALLOW_SEALING)
    words = [sys.executable, "-I", "-m", "safeshell_compiler", "user", scene.home.root, scene.home.rules]
    with open(memory, "wb") as table:
        done = subprocess.run(
            [*prefix, *words], stdout=table, stderr=subprocess.PIPE, env={"HOME": scene.root}, check=False
        )
    if done.returncode not in (0, 1, KILLED):
        raise BrokenError(f"it ended with {done.returncode}: {done.stderr.decode()}")
    scene.recover(rules_hold=True)
    scene.stop_daemon()
    scene.recover(rules_hold=True)


WRAPPED = "sys.executable = {wrapper!r}"
WRAPPER = """\
#!/bin/sh
case "$*" in
    *safeshell_compiler*) words={root}/fault.compiler ;;
    *safeshell.shell.worker*) words={root}/fault.helper ;;
    *) words=/nonexistent ;;
esac
[ -e "$words" ] && exec $(cat "$words") {python} "$@"
exec {python} "$@"
"""


@contextlib.contextmanager
def _faulty(scene: Scene, what: str, prefix: Prefix) -> Iterator[None]:
    """A daemon whose processes of this kind have the fault, for as long as the block."""
    wrapper = os.path.join(scene.root, "python")
    write(wrapper, WRAPPER.format(root=scene.root, python=sys.executable), 0o755)
    scene.start_daemon(more=WRAPPED.format(wrapper=wrapper))
    words = os.path.join(scene.root, f"fault.{what}")
    if prefix:
        write(words, " ".join(prefix))
    yield
    with contextlib.suppress(FileNotFoundError):
        os.unlink(words)


def own_compiler(scene: Scene, prefix: Prefix) -> None:
    """A running daemon's compiler, while commands come."""
    with _faulty(scene, "compiler", prefix), gate() as (closed, release):
        scene.start("waits", gate=closed)
        until(lambda: scene.ran(1), "the command to run")
        scene.edit()
        for words in ((), ("forbidden",)):
            scene.start("count", *words)
        release()
        scene.finish()
    until(lambda: scene.call("count", "stricter").status == 126, "the edit to be in force")
    scene.recover(rules_hold=True)


def helper(scene: Scene, prefix: Prefix) -> None:
    """The process that judges shell lines."""

    def judge() -> str | None:
        try:
            return str(evaluate_line("count forbidden", env=scene.environment(), home=scene.home)["decision"])
        except SafeShellError as error:
            if not error.message:
                raise BrokenError("no answer, and nothing said") from None
            return None

    with _faulty(scene, "helper", prefix), gate() as (closed, release):
        scene.start("waits", gate=closed)
        until(lambda: scene.ran(1), "the command to run")
        if (decision := judge()) not in (None, "deny", "allow"):
            raise BrokenError(f"the line: {decision}")
        scene.start("count")
        release()
        scene.finish()
    until(lambda: judge() == "deny", "a line to be judged")
    scene.recover()


def _commands(scene: Scene, closed: int) -> None:
    """Commands of each kind, with an edit of the rules between them."""
    scene.start("waits", gate=closed)
    scene.start("here")
    if native_front():
        until(lambda: _has_front(scene), "the front")
    for _ in range(4):  # twice by Python, then by the front
        scene.call("count")
        scene.call("count", "forbidden")
    scene.edit()
    scene.call("count", "and more")
    scene.call("here")
    with contextlib.suppress(SafeShellError):
        evaluate_line("count forbidden", env=scene.environment(), home=scene.home)


def _has_front(scene: Scene) -> bool:
    status = scene.status()
    return status is None or status["front"]["native"] or "looked for" not in status["front"]["reason"]


def daemon(scene: Scene, prefix: Prefix) -> None:
    """The daemon, from its start to its end."""
    scene.start_daemon(prefix)
    with gate() as (closed, release):
        _commands(scene, closed)
        release()
        scene.finish()
    scene.stop_daemon()
    scene.recover(rules_hold=True)


def restart(scene: Scene, prefix: Prefix) -> None:
    """A daemon that hands over to another while commands run, and is stopped."""
    scene.start_daemon(prefix)
    with gate() as (closed, release):
        scene.start("waits", gate=closed)
        scene.call("count")
        _said(scene.safeshell("daemon", "restart"), 1, 125)
        scene.call("count")
        release()
        scene.finish()
    scene.recover()


def restarting(scene: Scene, prefix: Prefix) -> None:
    """`safeshell daemon restart`, while commands run."""
    scene.start_daemon()
    with gate() as (closed, release):
        scene.start("waits", gate=closed)
        scene.call("count")
        _said(scene.safeshell("daemon", "restart", prefix=prefix), 1, 125)
        scene.call("count")
        release()
        scene.finish()
    _mended(scene.safeshell("daemon", "restart"))
    scene.recover()


def client(scene: Scene, prefix: Prefix) -> None:
    """A client, of a command in the daemon and of one in place."""
    scene.start_daemon()
    for name, words in (("count", ()), ("here", ()), ("count", ("forbidden",))):
        scene.killed = True
        scene.call(name, *words, prefix=prefix)
        scene.killed = False
        scene.call("count")
    until(lambda: (scene.status() or {"running": 0})["running"] == 0, "the command to be ended")
    scene.recover()


def starting_client(scene: Scene, prefix: Prefix) -> None:
    """A client that starts the daemon."""
    scene.killed = True
    scene.call("count", prefix=prefix)
    scene.killed = False
    scene.call("count")
    scene.recover()


def trash(scene: Scene, prefix: Prefix) -> None:
    """`safeshell-trash -rf`, on one file system."""
    _trash(scene, prefix, scene.work)


def copying_trash(scene: Scene, prefix: Prefix) -> None:
    """The same, across file systems."""
    place = os.path.join("/dev/shm", os.path.basename(scene.root))
    os.mkdir(place)
    try:
        _trash(scene, prefix, place)
    finally:
        subprocess.run(["rm", "-rf", place], check=True)


def _trash(scene: Scene, prefix: Prefix, place: str) -> None:
    plant(place)
    tree = os.path.join(place, "tree")
    whole = snapshot(tree)

    def remove() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*prefix, os.path.join(os.path.dirname(SAFESHELL), "safeshell-trash"), "-rf", "tree"],
            cwd=place,
            env=scene.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    _said(remove(), 1)
    if not is_safe(scene.home.root, place, whole):
        raise BrokenError("what was deleted is lost")
    prefix = ()
    if os.path.lexists(tree):
        halves = snapshot(tree) != whole  # what was copied was being deleted: the whole is in the trash
        _mended(remove())
        if halves:
            _mended(scene.safeshell("trash", "restore", tree))
            os.rename(tree, f"{tree}.half")
    _mended(scene.safeshell("trash", "restore", tree))
    if snapshot(tree) != whole:
        raise BrokenError("what came back isn't what went")


def plant_and_remove(scene: Scene, env: dict[str, str]) -> None:
    """Something goes into the trash and comes back, under this environment."""
    plant(scene.work)
    tree = os.path.join(scene.work, "tree")
    whole = snapshot(tree)
    words = [os.path.join(os.path.dirname(SAFESHELL), "safeshell-trash"), "-rf", "tree"]
    subprocess.run(words, cwd=scene.work, env={**scene.environment(), **env}, check=True)
    if not is_safe(scene.home.root, scene.work, whole):
        raise BrokenError("what was deleted is lost")
    _mended(scene.safeshell("trash", "list", env=env))
    _mended(scene.safeshell("trash", "restore", tree, env=env))
    if snapshot(tree) != whole:
        raise BrokenError("what came back isn't what went")
    subprocess.run(["rm", "-rf", tree], check=True)


def trash_restore(scene: Scene, prefix: Prefix) -> None:
    """`safeshell trash restore`."""
    plant(scene.work)
    tree = os.path.join(scene.work, "tree")
    whole = snapshot(tree)
    run = [os.path.join(os.path.dirname(SAFESHELL), "safeshell-trash"), "-rf", "tree"]
    subprocess.run(run, cwd=scene.work, env=scene.environment(), check=True)
    _said(scene.safeshell("trash", "restore", "--all", prefix=prefix), 1, 125)
    if not is_safe(scene.home.root, scene.work, whole):
        raise BrokenError("what was to be restored is lost")
    if not os.path.lexists(tree):
        _mended(scene.safeshell("trash", "restore", tree))
    if snapshot(tree) != whole:
        raise BrokenError("what came back isn't what went")


def trash_empty(scene: Scene, prefix: Prefix) -> None:
    """`safeshell trash empty`."""
    plant(scene.work)
    run = [os.path.join(os.path.dirname(SAFESHELL), "safeshell-trash"), "-rf", "tree"]
    subprocess.run(run, cwd=scene.work, env=scene.environment(), check=True)
    _said(scene.safeshell("trash", "empty", "--yes", prefix=prefix), 1, 77, 125)
    _mended(scene.safeshell("trash", "list"))
    _mended(scene.safeshell("trash", "empty", "--yes"), 77)
    plant(scene.work)
    subprocess.run(run, cwd=scene.work, env=scene.environment(), check=True)
    if not names(scene.home.root)[-1].startswith(b"tree"):
        raise BrokenError(f"the trash takes nothing more: {names(scene.home.root)}")


def init(scene: Scene, prefix: Prefix) -> None:
    """`safeshell init` of a new home."""
    home = Home(os.path.join(scene.root, "new"))
    environment = {**scene.environment(), "SAFESHELL_HOME": home.root, "PATH": "/usr/bin:/bin"}

    def run(*words: str, before: Prefix = ()) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*before, SAFESHELL, *words],
            env=environment,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    _said(run("init", before=prefix), 1, 125)
    _mended(run("init"))
    _mended(run("compile"))
    with open(home.rules, encoding="utf-8") as stream:
        if not stream.read().endswith("\n"):
            raise BrokenError("the rules are cut short")
    if not os.listdir(home.shims):
        raise BrokenError("no shims")


def shims(scene: Scene, prefix: Prefix) -> None:
    """`safeshell shims sync`, while commands run."""
    scene.start_daemon()
    with gate() as (closed, release):
        scene.start("waits", gate=closed)
        os.unlink(os.path.join(scene.home.shims, "here"))
        _said(scene.sync_shims(prefix), 1, 125)
        scene.call("count")
        scene.call("count", "forbidden")
        release()
        scene.finish()
    size = os.stat(native_client() or "/nonexistent").st_size if native_client() else None
    for name in os.listdir(scene.home.shims):
        status = os.stat(os.path.join(scene.home.shims, name))
        if not name.startswith(".") and (size not in (None, status.st_size) or not status.st_mode & stat.S_IXUSR):
            raise BrokenError(f"half a shim: {name}")
    _mended(scene.sync_shims())
    if left := [name for name in os.listdir(scene.home.shims) if name.startswith(".") and not name.startswith(MEMORY)]:
        raise BrokenError(f"left behind: {left}")
    scene.recover()


_COMMANDS_HOLD = (
    "what runs ends as it should or its client says 125; nothing runs twice; the next command starts another"
)
SUBJECTS = {
    "compiler": Subject(
        "`safeshell compile`", "the old or the new rules hold; the next compile publishes", compiler, each=True
    ),
    "publisher": Subject("the compiler beside a daemon", "the daemon compiles the edit itself", publisher, each=True),
    "own-compiler": Subject(
        "a daemon's own compiler", "commands go on by the rules in force, with a line; then by the edit", own_compiler
    ),
    "helper": Subject(
        "the process that judges lines", "an answer, or 125 and a reason; the next line is judged", helper
    ),
    "daemon": Subject("the daemon", _COMMANDS_HOLD, daemon),
    "restart": Subject("the daemon, handing over", _COMMANDS_HOLD, restart),
    "restarting": Subject("`safeshell daemon restart`", "a daemon serves; what runs goes on", restarting),
    "client": Subject(
        "a client", "its command ran once or not at all; the daemon ends what is left of it", client, becomes=True
    ),
    "starting-client": Subject(
        "a client that starts the daemon", "the next client starts it", starting_client, becomes=True
    ),
    "trash": Subject("`safeshell-trash`", "everything is at its place or in the trash, whole", trash),
    "copying-trash": Subject(
        "the same, across file systems", "everything is at its place or in the trash, whole", copying_trash
    ),
    "trash-restore": Subject(
        "`safeshell trash restore`", "everything is at its place or in the trash, whole", trash_restore
    ),
    "trash-empty": Subject("`safeshell trash empty`", "the trash takes more, and can be emptied", trash_empty),
    "init": Subject("`safeshell init`", "run again, it finishes", init, each=True),
    "shims": Subject("`safeshell shims sync`", "each shim is whole; run again, it finishes", shims),
}
