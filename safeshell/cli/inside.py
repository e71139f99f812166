"""`safeshell inside`: whether one is guarded here, and as whom."""

from __future__ import annotations

import json
import os

import click

from safeshell.cli.output import say
from safeshell.home.paths import Home
from safeshell.home.person import markers
from safeshell.install.shims import list_shims
from safeshell.policy.context import Context


@click.command("inside")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: tier, context, agent, home.")
def command(as_json: bool) -> int:
    """Print the tier and the context that one is in: whether commands by name are guarded here, and as whose.

    Exit status: 0 they are, 1 they aren't.
    """
    home = Home.find()
    tier = "shims" if _behind_shims(home) else "none"
    agent = Context(markers(home)).agent(b"".join(b"\0%b=%b" % entry for entry in os.environb.items()) + b"\0")
    context = "human" if agent is None else "ai"
    if as_json:
        click.echo(json.dumps({"tier": tier, "context": context, "agent": agent, "home": home.root}))
    else:
        say(f"tier     {tier}")
        say(f"context  {context}{f' ({agent})' if agent else ''}")
    return 0 if tier != "none" else 1


def _behind_shims(home: Home) -> bool:
    """Whether the shims, of which there are some, come first on PATH."""
    first = os.environ.get("PATH", "").split(":")[0]
    try:
        return os.path.samefile(first, home.shims) and bool(list_shims(home))
    except OSError:
        return False
