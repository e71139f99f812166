"""`safeshell inside`: whether one is guarded here, and as whom."""

from __future__ import annotations

import json
import os
import shutil

import click

from safeshell.cli.output import say
from safeshell.home.paths import Home
from safeshell.home.person import markers
from safeshell.host.process.kernel_tier import is_kept
from safeshell.install.shims import list_shims
from safeshell.policy.context import Context


@click.command("inside")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: tier, context, agent, home.")
def command(as_json: bool) -> int:
    """Print the tier (kernel, shims, none) and the context that one is in: whether commands are guarded here, as whose.

    Exit status: 0 they are, 1 they aren't.
    """
    home = Home.find()
    tier = "kernel" if is_kept() else "shims" if _behind_shims(home) else "none"
    agent = Context(markers(home)).agent(b"".join(b"\0%b=%b" % entry for entry in os.environb.items()) + b"\0")
    context = "human" if agent is None else "ai"
    if as_json:
        click.echo(json.dumps({"tier": tier, "context": context, "agent": agent, "home": home.root}))
    else:
        say(f"tier     {tier}")
        say(f"context  {context}{f' ({agent})' if agent else ''}")
    return 0 if tier != "none" else 1


def _behind_shims(home: Home) -> bool:
    """Whether there are shims, and each is the first of its name on PATH; directories before them may hold others."""
    path = os.environ.get("PATH", os.defpath)
    names = list_shims(home)
    return bool(names) and all(_is_in(home.shims, shutil.which(name, path=path)) for name in names)


def _is_in(directory: str, program: str | None) -> bool:
    try:
        return program is not None and os.path.samefile(os.path.dirname(program), directory)
    except OSError:
        return False
