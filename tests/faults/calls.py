"""One fault at each system call of a subject: which calls there are, then a run each."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from faults.inject import (
    CHANGING,
    CLONES,
    DESCRIPTORS,
    MEMORY,
    SPACE,
    Call,
    calls,
    injected,
    log_of,
    spread,
    traced,
)
from faults.scene import NO_ROOM, BrokenError, Scene, scene, state_of
from faults.subjects import SUBJECTS
from harness import _naming

STOPPED_S = 3.0
"""Longer than the two seconds that clients and commands wait for a daemon, or for an edit."""


class Effect(NamedTuple):
    """What happens at a call.

    Attributes:
        words: strace's.
        names: at which calls.
        said: the fault, for the page.
        opening: whether any open counts.
        stand_in: what of it is simulated, or "".
    """

    words: str
    names: tuple[str, ...]
    said: str
    opening: bool = False
    stand_in: str = ""


EFFECTS = {
    "kill": Effect("signal=KILL", CHANGING, "killed at a call that changes something"),
    "disk": Effect("error=ENOSPC", SPACE, "the disk is full at a call that takes space"),
    "descriptors": Effect("error=EMFILE", DESCRIPTORS, "out of descriptors at a call that gives one", opening=True),
    "memory": Effect("error=ENOMEM", MEMORY, "out of memory at a call that takes some"),
    "processes": Effect("error=EAGAIN", CLONES, "out of processes at a call that makes one"),
    "stop": Effect("signal=STOP", CHANGING, f"stopped for {STOPPED_S:g} s at a call that changes something"),
}


class Tried(NamedTuple):
    """What a run came to.

    Attributes:
        what: the subject, the effect, the call.
        outcomes: how its commands ended.
        broken: the promise that did not hold, or "".
    """

    what: str
    outcomes: Counter[str]
    broken: str


def find_calls(subject: str, effect: str, most: int) -> tuple[list[Call], int]:
    """The calls that a fault is tried at, at most so many; and how many there are."""
    kind = EFFECTS[effect]
    found: list[Call] = []
    for each in (False, True) if SUBJECTS[subject].each else (False,):
        with scene() as made:
            log = log_of(made.root)
            SUBJECTS[subject].run(made, traced(log, (*kind.names, "execve"), each=each))
            once = SUBJECTS[subject].becomes
            found += calls(log, kind.names, each=each, opening=kind.opening, disk=effect == "disk", once=once)
    return spread(found, most), len(found)


def try_call(subject: str, effect: str, call: Call) -> Tried:
    """Runs a subject with a fault at this call."""
    what = f"{subject}, {effect} at {call}"
    with scene() as made, _continued(made, effect):
        made.may_lose = NO_ROOM if effect == "disk" else ()
        try:
            SUBJECTS[subject].run(made, injected(log_of(made.root), call, EFFECTS[effect].words))
        except (BrokenError, AssertionError) as error:
            with (
                contextlib.suppress(OSError),
                open(os.path.join(made.home.root, "daemon.log"), encoding="utf-8") as log,
            ):
                return Tried(what, made.outcomes, f"{error} {log.read()}")
            return Tried(what, made.outcomes, str(error) or repr(error))
        return Tried(what, made.outcomes, "")


@contextlib.contextmanager
def _continued(made: Scene, effect: str) -> Iterator[None]:
    """What a call has stopped goes on after a while, as often as it stops."""
    if effect != "stop":
        yield
        return
    done = threading.Event()

    def look() -> None:
        since: dict[int, float] = {}
        while not done.wait(0.1):
            for pid in _naming(os.fsencode(made.root)):
                with contextlib.suppress(OSError):
                    if state_of(pid) in "Tt" and time.monotonic() - since.setdefault(pid, time.monotonic()) > STOPPED_S:
                        os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
