"""Tries of `states`, each in a scene of its own, where it wants it with mounts of its own."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import subprocess
import traceback
from collections import Counter

from faults.calls import Tried
from faults.scene import BrokenError, scene
from faults.states import GROUPS, STATES, State
from needs import why_not

CLONE_NEWNS = 0x20000
TRY_S = 300


def missing(state: State) -> str:
    """What this machine lacks for a state, or ""."""
    own = {"fuse": os.access("/dev/fuse", os.W_OK), "pids": any(_has_pids(top) for top in GROUPS)}
    lacks = [need for need in state.needs if not own.get(need, True)]
    return f"needs {' and '.join(lacks)}" if lacks else why_not(*[need for need in state.needs if need not in own])


def _has_pids(top: str) -> bool:
    path = os.path.join(top, f"safeshell-faults-{os.getpid()}")
    try:
        os.mkdir(path)
    except OSError:
        return False
    found = os.path.exists(os.path.join(path, "pids.max"))
    os.rmdir(path)
    return found


def label(state: State, number: int) -> str:
    """What a try is called."""
    this = state.tries[number]
    arguments = getattr(this, "args", ())
    return f"{state.fault}, {state.name} {' '.join(map(str, arguments))[:60]}".strip()


def try_state(place: int, number: int) -> Tried:
    """Runs one try of one state."""
    state = STATES[place]
    if not state.mounts:
        return _try(state, number)
    reader, writer = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_apart, args=(state, number, writer))
    child.start()
    writer.close()
    try:
        if reader.poll(TRY_S):
            found: Tried = reader.recv()
            return found
    except EOFError:
        pass
    finally:
        child.kill()
        child.join()
    return Tried(label(state, number), Counter(), "it hangs, or ended without an answer")


def _apart(state: State, number: int, writer: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(CLONE_NEWNS) == 0, os.strerror(ctypes.get_errno())
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    writer.send(_try(state, number))  # type: ignore[attr-defined]


def _try(state: State, number: int) -> Tried:
    this = state.tries[number]
    name = getattr(getattr(this, "func", this), "__name__", "")
    small = name in ("small_disk", "start_on_full_disk") or "unmounted" in getattr(this, "args", ())
    with scene(small=small) as made:
        broken = ""
        try:
            this(made)
        except (BrokenError, AssertionError) as error:
            broken = str(error) or repr(error)
        except Exception:  # noqa: BLE001 # a fault of the try's own is told, too
            broken = traceback.format_exc()
        if broken:
            with (
                contextlib.suppress(OSError),
                open(os.path.join(made.home.root, "daemon.log"), encoding="utf-8") as log,
            ):
                broken += log.read()
        return Tried(label(state, number), made.outcomes, broken)
