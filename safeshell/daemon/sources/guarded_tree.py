"""Guarded trees: whether the lines of an agent that asks reach the shims, by what the kernel tells of its process."""

from __future__ import annotations

import os

from safeshell.home.paths import Home
from safeshell.hooks.agent import Agent, LinesPath
from safeshell.host.process import ancestry
from safeshell.host.process.shells import is_shell
from safeshell.install.startup import guards_shells


def reaches_shims(agent: Agent, hook: int, home: Home) -> bool:
    """Whether what an agent runs looks along a PATH with a home's shims.

    The hook, the agent that started it, and shells between the two were each started with the shims on PATH; and where
    the agent's lines have a login shell's PATH, with the start-up file that puts them back (`safeshell run`). What an
    agent does to the PATH of its lines is known of those that were seen live; of any other nothing is.

    Args:
        agent: whose hook asks.
        hook: the hook's process, as the kernel names it.
        home: whose shims.
    """
    if agent.lines_path is LinesPath.UNKNOWN:
        return False
    shims = os.fsencode(home.shims)
    for process in ancestry.lineage(hook):
        variables = _variables(ancestry.environment(process.pid))
        if shims not in variables.get(b"PATH", b"").split(b":"):
            return False
        if agent.lines_path is LinesPath.LOGIN and not guards_shells(home, _named(variables, "BASH_ENV"), "bash"):
            return False
        if process.pid != hook and not is_shell(process.pid):
            return True
    return False


def _variables(block: bytes) -> dict[bytes, bytes]:
    """The first of each name counts, as for getenv."""
    found: dict[bytes, bytes] = {}
    for entry in block.split(b"\0"):
        name, equals, value = entry.partition(b"=")
        if equals:
            found.setdefault(name, value)
    return found


def _named(variables: dict[bytes, bytes], name: str) -> dict[str, str]:
    value = variables.get(os.fsencode(name))
    return {} if value is None else {name: os.fsdecode(value)}
