"""Installs the agents that sessions are played with, outside of the clone: `make agents`.

    python tests/agents/install.py [--newest] [NAME…]

The pinned ones come by their locks, with their digests checked, and no script of theirs is run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from agents.agent import KNOWN, NAMES, NEWEST, Agent, load

QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def main() -> int:
    """Installs what isn't there; returns the exit status."""
    parser = argparse.ArgumentParser(description="Install the agents that are tested with.")
    parser.add_argument("--newest", action="store_true", help="the newest versions instead of the pinned ones")
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=", ".join(NAMES))
    options = parser.parse_args()
    status = 0
    for name in options.names or NAMES:
        agent = load(name, NEWEST if options.newest else None)
        if options.newest or not os.path.exists(agent.path):
            status |= install(agent)
        print(f"{name}: {agent.path}" if os.path.exists(agent.path) else f"{name}: could not be installed")
    return status


def install(agent: Agent) -> int:
    """Installs one, whole or not at all; returns the exit status."""
    os.makedirs(os.path.dirname(agent.directory), exist_ok=True)
    aside = tempfile.mkdtemp(prefix=f".{agent.name}-", dir=os.path.dirname(agent.directory))
    try:
        if agent.version == NEWEST:
            newest(agent, os.path.join(aside, "package.json"))
        else:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(os.path.join(KNOWN, agent.name, name), aside)
        # Not `npm ci`: it refuses a lock that lacks other platforms' packages, which not every registry has.
        status = subprocess.run(["npm", "install", *QUIET], cwd=aside, check=False).returncode
        if status == 0:
            shutil.rmtree(agent.directory, ignore_errors=True)
            os.rename(aside, agent.directory)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return status


def newest(agent: Agent, path: str) -> None:
    """Writes a package.json that wants an agent's newest version, beside what it is run by, as it is pinned."""
    with open(os.path.join(KNOWN, agent.name, "package.json"), encoding="utf-8") as stream:
        wanted = json.load(stream)
    for kind in ("dependencies", "optionalDependencies"):
        if agent.package in wanted.get(kind, {}):
            wanted[kind][agent.package] = "latest"
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(wanted, stream)


if __name__ == "__main__":
    sys.exit(main())
