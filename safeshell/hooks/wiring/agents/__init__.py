"""The agents that hooks can be wired into, a file each: it lists its own modules, so that adding one takes no other."""

from __future__ import annotations

import importlib
import pkgutil

from safeshell.hooks.wiring.agent import Agent


def all_agents() -> dict[str, Agent]:
    """All, by name."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = [importlib.import_module(f"{__name__}.{name}").AGENT for name in modules]
    return {agent.name: agent for agent in found}
