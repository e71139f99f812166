"""The files that an agent's hook is wired into here: which of its places, under this home, in this repository."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from safeshell.errors import SafeShellError
from safeshell.hooks.wiring import settings_file
from safeshell.hooks.wiring.agent import Agent, JsonEntry, Place, Scope, TomlEntry
from safeshell.hooks.wiring.json_settings import JsonSettings
from safeshell.hooks.wiring.json_tree import BrokenError
from safeshell.hooks.wiring.own_file import OwnFile
from safeshell.hooks.wiring.settings_file import SettingsFile
from safeshell.hooks.wiring.toml_settings import TomlSettings

Settings = JsonSettings | TomlSettings | OwnFile


class Target(NamedTuple):
    """A file for an agent's hook.

    Attributes:
        agent: whose.
        scope: whether it is the user's or the repository's.
        place: which of the agent's places.
        path: absolute.
    """

    agent: Agent
    scope: Scope
    place: Place
    path: str


def open_settings(target: Target, file: SettingsFile) -> Settings:
    """A file's settings.

    Raises:
        SafeShellError: the file is broken, or has something else where the entry belongs.
    """
    text = file.text()
    try:
        wiring = target.place.wiring
        if isinstance(wiring, JsonEntry):
            return JsonSettings(text, wiring, target.agent.name)
        if isinstance(wiring, TomlEntry):
            return TomlSettings(text, wiring, target.agent.name)
        return OwnFile(text, wiring, target.agent.name)
    except BrokenError as error:
        raise file.broken(error, text) from error


def targets(agent: Agent, scope: Scope, top: str | None, environment: Mapping[str, str]) -> Iterator[Target]:
    """All files that an agent reads hooks from; for a repository that whose top is given."""
    for place in agent.places:
        if scope == "user":
            yield Target(agent, scope, place, place.user.path(environment))
        elif place.project and top is not None:
            yield Target(agent, scope, place, os.path.join(top, place.project))


def choose(agent: Agent, scope: Scope, top: str | None, environment: Mapping[str, str]) -> Target:
    """The file for an agent's hook: that which has it, else the first that has hooks already, else the first.

    Raises:
        SafeShellError: one of them is broken, or it reads none of a repository's.
    """
    found = list(targets(agent, scope, top, environment))
    if not found:
        raise SafeShellError(f"{agent.title} reads no hooks from a repository", hint="without --project")
    if len(found) == 1:
        return found[0]
    opened = [(target, open_settings(target, settings_file.read(target.path))) for target in found]
    with_ours = [target for target, settings in opened if settings.ours()]
    with_hooks = [target for target, settings in opened if _has_hooks(settings)]
    return [*with_ours, *with_hooks, *found][0]


def of_path(agent: Agent, scope: Scope, path: str) -> Target:
    """The file at a path that an agent's hook was wired into once, wherever its settings are by now."""
    names = [place.user.name if scope == "user" else place.project for place in agent.places]
    place = next((place for place, name in zip(agent.places, names, strict=True) if path.endswith(f"/{name}")), None)
    return Target(agent, scope, place or agent.places[0], path)


def _has_hooks(settings: Settings) -> bool:
    """Whether there is an event with hooks: a list, unlike what else an agent may keep beside them."""
    hooks = settings.value.get("hooks") if isinstance(settings.value, dict) else None
    return isinstance(hooks, dict) and any(isinstance(one, list) and one for one in hooks.values())


def work_tree(directory: str) -> str:
    """The top of the work tree around a directory; the directory itself where there is none."""
    top = directory
    while not os.path.lexists(os.path.join(top, ".git")):
        if top == "/":
            return directory
        top = os.path.dirname(top)
    return top


def program_of(agent: Agent) -> str | None:
    """The agent's program on PATH, None where it isn't there."""
    return next((found for name in agent.programs if (found := shutil.which(name))), None)


def is_here(agent: Agent, environment: Mapping[str, str]) -> bool:
    """Whether an agent is installed or was used here: there is its program, or the directory of its settings."""
    if program_of(agent) is not None:
        return True
    if agent.trace:
        return os.path.isdir(os.path.join(os.path.expanduser("~"), agent.trace))
    return any(os.path.isdir(place.user.base(environment)) for place in agent.places)
