"""Ways in by agents: each that is here, its hook called with the canary as the agent calls it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from safeshell.cli.hooklist import project, wired
from safeshell.cli.hooktest import UNUSABLE, distrust
from safeshell.cli.probes.ways.model import Here, Way
from safeshell.command import canary
from safeshell.hooks.wiring.agents import all_agents
from safeshell.hooks.wiring.notes import Notes
from safeshell.hooks.wiring.state import MEANINGS, Wired
from safeshell.hooks.wiring.targets import is_here, work_tree
from safeshell.hooks.wiring.trial import ask


def agent_ways(here: Here, directory: str) -> Iterator[Way]:
    """Each agent that is installed, was used here, or has a hook of ours."""
    notes, top = Notes(here.home), work_tree(directory)
    for agent in all_agents().values():
        one = wired(here.home, notes, agent, "user", None)
        if one.state == "none":
            other = project(here.home, notes, agent, top)
            one = other if other is not None and other.state != "none" else one
        if one.state != "none" or is_here(agent, os.environ):
            yield _way(here, one, directory)


def _way(here: Here, one: Wired, directory: str) -> Way:
    name = one.target.agent.name
    cover = f"safeshell hook install {name}{' --project' if one.target.scope == 'project' else ''}"
    if one.state == "none":
        return Way(name, "agent", False, found="it asks no hook", cover=cover)
    if one.state in UNUSABLE:
        found = f"{one.target.path}: {one.reason or MEANINGS[one.state]}"
        return Way(name, "agent", False, "", True, found, "" if one.state in ("off", "broken") else cover)
    distrusted = distrust(one, directory)
    if distrusted:
        return Way(name, "agent", False, "", True, distrusted, cover)
    answer = ask(one, canary.LINE, directory)
    home = here.reached(answer.said.encode("utf-8", "surrogateescape"))
    if answer.refused and home == here.home.root:
        return Way(name, "agent", True, "hook", True, f"its hook was asked: {one.target.path}")
    if home not in (None, here.home.root):
        found = f"its hook asks the daemon of another home, {home}"
    elif answer.refused:
        found = f"its hook refuses whatever it is asked: {answer.said}"
    else:
        found = f"its hook lets a line run that is always refused: {answer.said}"
    return Way(name, "agent", False, "", True, found, cover)
