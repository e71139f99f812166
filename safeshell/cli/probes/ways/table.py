"""Table of the ways in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from safeshell.cli.probes.ways.agents import agent_ways
from safeshell.cli.probes.ways.lines import line_ways
from safeshell.cli.probes.ways.model import Here, Way
from safeshell.cli.probes.ways.shells import shell_ways
from safeshell.cli.probes.ways.tmux import tmux_ways
from safeshell.home.paths import Home
from safeshell.text import columns


def ways_in(home: Home, directory: str) -> Iterator[Way]:
    """Tries each; a daemon has to run.

    Args:
        home: whose.
        directory: where agents' lines would run.
    """
    here = Here(home)
    agents = list(agent_ways(here, directory))
    yield from agents
    yield from shell_ways(here)
    yield from tmux_ways(here)
    yield from line_ways(here, agents, directory)


def as_json(way: Way) -> dict[str, Any]:
    """A way as `--json` prints it."""
    return {**asdict(way), "by": way.by or None, "cover": way.cover or None, "failed": way.has_failed}


def as_table(ways: Sequence[Way]) -> str:
    """The ways for people, and why those aren't guarded that aren't."""
    rows = [("way in", "guarded", "what covers it")]
    rows += [(way.way, _word(way), way.cover or "-") for way in ways]
    why: dict[str, list[str]] = {}
    for way in ways:
        if way.guarded is not True:
            why.setdefault(way.found, []).append(way.way)
    notes = [f"{', '.join(names)}: {found}\n" for found, names in why.items()]
    return columns(rows) + "".join(["\n", *notes] if notes else [])


def _word(way: Way) -> str:
    if way.guarded:
        return "by hook" if way.by == "hook" else "yes"
    if way.guarded is None:
        return "?"
    return "NO" if way.has_failed else "no"
