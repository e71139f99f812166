"""The agents that sessions are played with: what is known of each, and where its program is kept.

What is known of one stands in `known/NAME`: `agent.yaml`, and the package with its lock.
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

KNOWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "known")
NAMES = tuple(sorted(os.listdir(KNOWN)))
NEWEST = "newest"
"""Instead of a version: whichever is the newest, as `make test-agents-newest` installs it."""

_ARCHITECTURES = {"x86_64": "x64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Agent:
    """One agent. In texts, {url} is the model's server, {prompt} what the agent is asked, {line} a line,
    {package} where its package is.

    Attributes:
        name: as SafeShell calls it.
        package: of npm's.
        version: which one, or `NEWEST`.
        program: its path below where the package is installed; {arch} and {machine} are this machine's.
        argv: its arguments.
        environment: what it needs beside a home and a PATH.
        files: what it needs in its home, by path.
        api: the API that it speaks, a name in `apis`.
        tool: the name of the tool that runs a line.
        arguments: of a call of it.
        status: a pattern of a result of it; group 1 is the exit status, which is 0 where nothing matches. None where
            the model isn't told.
        lost: a pattern of a result whose output the agent has lost; None where it loses none.
        markers: variables that it sets for its lines, each told by `safeshell.policy.context`.
        own: programs of which its shell runs some of its own instead, so that no PATH leads to a shim of theirs.
    """

    name: str
    package: str
    version: str
    program: str
    argv: list[str]
    environment: dict[str, str]
    api: str
    tool: str
    arguments: dict[str, Any]
    markers: list[str]
    status: str | None = None
    lost: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    own: list[str] = field(default_factory=list)

    @property
    def directory(self) -> str:
        """Where it is installed, whether it is or not."""
        return os.path.join(cache(), f"{self.name}-{self.version}")

    @property
    def path(self) -> str:
        """Its program."""
        machine = platform.machine()
        arch = _ARCHITECTURES.get(machine, machine)
        return os.path.join(self.directory, self.program.format(arch=arch, machine=machine))

    @property
    def directory_of_package(self) -> str:
        """Where its package is."""
        return os.path.join(self.directory, "node_modules", self.package)

    def has_lost(self, told: str) -> bool:
        """Whether a result lacks what the line wrote, as some do now and then."""
        return self.lost is not None and re.search(self.lost, told, re.MULTILINE) is not None

    def call(self, line: str) -> dict[str, Any]:
        """The arguments of the call that runs a line."""
        return {name: _fill(value, {"line": line}) for name, value in self.arguments.items()}


def cache() -> str:
    """Where agents are installed: outside of the clone, so that a fresh one doesn't fetch gigabytes again."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(root, "safeshell-tests", "agents")


def load(name: str, version: str | None = None) -> Agent:
    """What is known of an agent, in the version that is pinned or another one."""
    with open(os.path.join(KNOWN, name, "agent.yaml"), encoding="utf-8") as stream:
        known = yaml.safe_load(stream)
    with open(os.path.join(KNOWN, name, "package.json"), encoding="utf-8") as stream:
        package = json.load(stream)
    pinned = {**package.get("optionalDependencies", {}), **package.get("dependencies", {})}[known["package"]]
    return Agent(name=name, version=version or pinned, **known)


def version() -> str | None:
    """Which version of each agent is tested: None for the pinned one, or what AGENTS_VERSION says (`newest`)."""
    return os.environ.get("AGENTS_VERSION") or None


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with {NAME} replaced; other braces stay."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_fill(item, values) for item in value]
    return fill(value, values) if isinstance(value, str) else value
