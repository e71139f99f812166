"""What of an agent's settings is ours: whatever calls the hook program for that agent."""

from __future__ import annotations

import itertools
import os
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from safeshell.hooks.wiring.agent import COMMAND

PROGRAM = "safeshell-hook"
"""The hook program's name, in any home."""


def command(program: str, agent: str) -> str:
    """What an agent's shell runs: the hook program, quoted where it has to be, and the agent's name."""
    return f"{shlex.quote(program)} {agent}"


def filled(value: Any, shown: str) -> Any:
    """An entry with a command in its place."""
    if isinstance(value, Mapping):
        return {key: filled(inner, shown) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [filled(inner, shown) for inner in value]
    return shown if value == COMMAND else value


def programs(value: Any, agent: str) -> list[str]:
    """The paths of the hook programs that a value of the settings calls for an agent."""
    return [found for text in _texts(value) if (found := called(text, agent))]


def called(text: str, agent: str) -> str:
    """The path of the hook program that a command calls for an agent, or ""."""
    try:
        words = shlex.split(text)
    except ValueError:  # a quotation that has no end
        return ""
    for word, following in itertools.pairwise(words):
        if os.path.basename(word) == PROGRAM and following == agent:
            return word
    return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
