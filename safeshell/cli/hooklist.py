"""Table of `hook list`: which agents are installed, and what each one's settings have of ours."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from safeshell.home.paths import Home
from safeshell.hooks.wiring.agent import Agent, Scope
from safeshell.hooks.wiring.notes import Notes
from safeshell.hooks.wiring.state import MEANINGS, Wired, look
from safeshell.hooks.wiring.targets import program_of, targets
from safeshell.text import columns

VERSION_S = 20.0
"""Seconds for an agent to say its version: some load all that they are first."""

_VERSION = re.compile(r"\d+(?:\.\d+)+(?:[+-][\w.+-]*\w)?")


class Row(NamedTuple):
    """An agent.

    Attributes:
        agent: which.
        program: its path, None where it isn't on PATH.
        version: what it says, "" where it says none.
        user, project: what its settings have.
    """

    agent: Agent
    program: str | None
    version: str
    user: Wired
    project: Wired | None


def rows(home: Home, notes: Notes, agents: Iterable[Agent], top: str) -> list[Row]:
    """All agents; repositories' settings are those of the one around `top`."""
    agents = list(agents)
    programs = [program_of(agent) for agent in agents]
    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(_version, programs))
    return [
        Row(agent, program, version, wired(home, notes, agent, "user", top), project(home, notes, agent, top))
        for agent, program, version in zip(agents, programs, versions, strict=True)
    ]


def wired(home: Home, notes: Notes, agent: Agent, scope: Scope, top: str | None) -> Wired:
    """What an agent has of ours in the first of its files that has any."""
    found = [look(home, notes, target) for target in targets(agent, scope, top, os.environ)]
    return next((one for one in found if one.state != "none"), found[0])


def project(home: Home, notes: Notes, agent: Agent, top: str) -> Wired | None:
    """The same in a repository; None where the agent reads none of it, or just what is the user's."""
    there = {target.path for target in targets(agent, "project", top, os.environ)}
    users = {target.path for target in targets(agent, "user", None, os.environ)}
    return wired(home, notes, agent, "project", top) if there and there != users else None


def _version(program: str | None) -> str:
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=VERSION_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = _VERSION.search(done.stdout)
    return found[0] if found else ""


def as_json(row: Row) -> dict[str, Any]:
    """A row as `--json` prints it."""
    return {
        "agent": row.agent.name,
        "title": row.agent.title,
        "program": row.program,
        "version": row.version or None,
        "user": _found(row.user),
        "project": _found(row.project) if row.project else None,
    }


def _found(one: Wired) -> dict[str, Any]:
    return {
        "state": one.state,
        "path": one.target.path,
        "calls": one.called or None,
        "reason": one.reason or MEANINGS[one.state],
    }


def as_table(found: list[Row]) -> str:
    """The rows for people, and what their states mean where there is something to do."""
    shown = [("agent", "program", "user", "project")]
    shown += [
        (
            row.agent.name,
            f"{row.program} {row.version}".strip() if row.program else "-",
            _cell(row.user),
            _cell(row.project) if row.project else "-",
        )
        for row in found
    ]
    wired = [one for row in found for one in (row.user, row.project) if one is not None]
    notes = [
        f"{one.target.agent.name}: {one.reason or f'{one.target.path}: {MEANINGS[one.state]}'}\n"
        for one in wired
        if one.state not in ("current", "none")
    ]
    return columns(shown) + ("\n" + "".join(notes) if notes else "")


def _cell(one: Wired) -> str:
    return "-" if one.state == "none" else one.state
