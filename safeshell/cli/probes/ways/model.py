"""Model of a way in, and what a canary that went that way tells of it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from safeshell.command import canary
from safeshell.home.paths import Home
from safeshell.host.path_lookup import Programs
from safeshell.host.process import bounded
from safeshell.install.shims import list_shims

PATIENCE_S = 20.0
"""Seconds for one way: start-up files of an interactive shell may take some."""

_PATH = "safeshell-path="
TRY = f"printf '{_PATH}%s\\n' \"$PATH\"; {canary.LINE}"
"""A line for any shell: says which PATH it has, then runs the canary."""

_REACHED = re.compile(re.escape(canary.answer("\0")).replace("\0", "(.+)").encode())
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Way:
    """A way in.

    Attributes:
        way: its name.
        kind: what runs commands so.
        guarded: whether what is run so is decided; None where it can't be told.
        by: what has it decided; "" where nothing has.
        is_set_up: whether somebody has set up that it is, so that it is a failure where it isn't.
        found: why, one clause.
        cover: the one command that has it decided, "" where there is none or it takes none.
    """

    way: str
    kind: Literal["agent", "shell", "tmux", "line"]
    guarded: bool | None
    by: Literal["shims", "hook", ""] = ""
    is_set_up: bool = False
    found: str = ""
    cover: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether it was set up, and isn't guarded."""
        return self.is_set_up and self.guarded is not True


class Here:
    """What the ways are tried from.

    Args:
        home: whose shims and hooks they should lead to.

    Attributes:
        environment: this process's.
        fresh: the same as a new terminal has it: without the shims on PATH.
        names: the shims'.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.names = list_shims(home)
        self.environment = dict(os.environ)
        path = os.environ.get("PATH", os.defpath).split(":")
        self.is_behind_shims = home.shims in path
        self.fresh = {**self.environment, "PATH": ":".join([entry for entry in path if entry != home.shims])}

    def reached(self, said: bytes) -> str | None:
        """The home that a canary has reached, by what was said; None where none."""
        found: list[bytes] = _REACHED.findall(said)
        return os.fsdecode(found[-1]) if found else None

    def past(self, path: str) -> list[tuple[str, str]]:
        """The names that don't lead to their shim along a PATH, each with where they lead, "" for nowhere."""
        programs = Programs()
        found = []
        for name in self.names:
            program = shutil.which(name, path=path)
            try:
                is_shim = program is not None and programs.is_shim(os.fsencode(program), os.stat(program))
            except OSError:
                is_shim = False
            if not is_shim:
                found.append((name, program or ""))
        return found


class Tried(NamedTuple):
    """What came of a canary.

    Attributes:
        guarded: as in `Way`.
        found: as in `Way`.
    """

    guarded: bool | None
    found: str


def try_way(here: Here, argv: Sequence[str], environment: Mapping[str, str]) -> Tried:
    """Runs what runs `TRY`, and tells whether that reached the guard by each name."""
    try:
        done = bounded.run(argv, PATIENCE_S, environment=environment)
    except OSError as error:
        return Tried(None, f"can't run {argv[0]}: {error.strerror}")
    if done.status is None:
        return Tried(None, f"it did not end within {PATIENCE_S:.0f} s")
    return judge(here, done.stdout, done.stderr)


def by_shims(way: str, kind: Literal["shell", "tmux"], tried: Tried, is_set_up: bool, cover: str) -> Way:
    """A way in that the shims guard, or nothing does."""
    by: Literal["shims", ""] = "shims" if tried.guarded else ""
    return Way(way, kind, tried.guarded, by, is_set_up, tried.found, "" if tried.guarded else cover)


def judge(here: Here, stdout: bytes, stderr: bytes = b"") -> Tried:
    """Tells by what `TRY` wrote."""
    said = os.fsdecode(stdout)
    paths = [line.removeprefix(_PATH) for line in said.splitlines() if line.startswith(_PATH)]
    if not paths:
        last = os.fsdecode(stderr or stdout).strip().splitlines()
        return Tried(None, f"the line was not run{f': {last[-1]}' if last else ''}")
    path = paths[-1]
    home = here.reached(stdout + b"\n" + stderr)
    if home is not None and home != here.home.root:
        return Tried(False, f"it leads to the daemon of another home, {home}")
    past = here.past(path)
    if len(past) == len(here.names):
        return Tried(False, "the shims are not on its PATH")
    if past:
        return Tried(False, f"{len(past)} of {len(here.names)} names lead past their shim: {_places(past)}")
    if home is None:
        last = os.fsdecode(stderr or stdout).strip().splitlines()
        return Tried(False, f"the canary was not answered: {last[-1] if last else 'nothing was said'}")
    return Tried(True, f"each of the {len(here.names)} names leads to its shim")


def _places(past: Sequence[tuple[str, str]]) -> str:
    shown = [f"{name} to {program or 'nowhere'}" for name, program in past[:_NAMED]]
    return ", ".join(shown) + (", …" if len(past) > _NAMED else "")
