"""`safeshell shims`: the shims on PATH."""

from __future__ import annotations

import json
import os

import click

from safeshell.cli.output import say, warn
from safeshell.cli.person import require_person, takes_pin
from safeshell.home.paths import Home
from safeshell.host.path_lookup import Programs
from safeshell.install import shims
from safeshell.install.native import why_not_static
from safeshell.text import columns


@click.group("shims")
def command() -> None:
    """The shims: what stands in front of commands on PATH."""


def sync_home(home: Home, client: str | None = None) -> shims.Synced:
    """Makes the shims what the tables in force ask for.

    Raises:
        SafeShellError: there is no table, or the shim directory can't be written.
    """
    return shims.sync(home, client)


def say_count(synced: shims.Synced, home: Home) -> None:
    """Says how many shims there are now."""
    say(f"{len(synced.added) + len(synced.kept)} commands shimmed in {home.shims}", err=True)


def say_fallback(synced: shims.Synced) -> None:
    """Says where the shims are not what the user may think."""
    why = why_not_static()
    if not synced.native:
        warn(
            "the shims are the bash fallback, about 3 ms a command: no native client is installed "
            f"({why or 'it is built at installation where there is a C compiler'})"
        )
    elif why:
        warn(f"the shims are linked against libc, a command costs more: {why}")


@command.command()
@click.option("--client", type=click.Choice(["native", "bash"]), help="Which client, instead of the setting.")
def sync(client: str | None) -> None:
    """Make the shim directory hold what the tables in force dispatch on."""
    home = Home.find()
    synced = sync_home(home, client)
    if client != "bash":
        say_fallback(synced)
    for sign, names in (("+", synced.added), ("-", synced.removed)):
        for name in names:
            say(f"{sign} {name}")
    say_count(synced, home)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_(as_json: bool) -> None:
    """List the shimmed commands and the programs behind them."""
    home = Home.find()
    path = os.environb.get(b"PATH")
    programs = Programs()
    rows = []
    for name in shims.list_shims(home):
        program, _ = programs.find(name.encode(), path, os.fsencode(os.getcwd()))
        rows.append((name, os.fsdecode(program) if program else "not installed"))
    if as_json:
        click.echo(json.dumps([{"command": name, "program": program} for name, program in rows]))
    else:
        click.echo(columns(rows), nl=False)


@command.command()
@click.argument("names", nargs=-1)
@takes_pin
def remove(names: tuple[str, ...], pin_stdin: bool) -> None:
    """Remove these shims, or all of them. Inside an agent it takes the PIN."""
    home = Home.find()
    require_person("safeshell shims remove", home, pin_stdin=pin_stdin)
    for name in shims.remove(home, names):
        say(f"- {name}")
