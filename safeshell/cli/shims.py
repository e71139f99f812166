"""`safeshell shims`: the shims on PATH."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence

import click

from safeshell.cli.output import say, warn
from safeshell.cli.person import require_person, takes_pin
from safeshell.errors import TableError
from safeshell.home.in_force import asked
from safeshell.home.paths import Home, working_directory
from safeshell.host.path_lookup import Programs
from safeshell.install import guarded_shell, shims
from safeshell.install.native import why_not_static
from safeshell.text import columns

NAMED = 8
"""Commands that are named where many lack a shim."""


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


def say_lacking(names: Sequence[str]) -> None:
    """Says which commands no rule can see, though one is about them."""
    if names:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        what = f"{', '.join(names[:NAMED])}{more}"
        warn(f"the rules are about commands without a shim, which they don't see: {what}", "run `safeshell shims sync`")


def follow_rules(home: Home) -> None:
    """Makes the shims follow the rules that were put in force just now, as the daemon would, and says what came of it.

    Where none have ever been made, that is left to the daemon and to `shims sync`.
    """
    if not os.path.isdir(home.shims):
        return
    if asked(home)[1].shims_sync == "manual":
        say_lacking(shims.lacking(home))
        return
    synced = shims.sync(home, by_hand=False, seen=os.environ.get("PATH", os.defpath).split(":"))
    _say_changes(synced)
    say_lacking(synced.lacking)
    if synced.unread:
        warn(f"no program was looked for in {', '.join(synced.unread)}, which did not answer")


def _say_changes(synced: shims.Synced) -> None:
    for what, names in (("now has a shim", synced.added), ("has none any more", synced.removed)):
        if names:
            verb = what if len(names) == 1 else what.replace("has", "have", 1)
            say(f"{', '.join(names)} {verb}", err=True)


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
    for sign, names in (("+", synced.added), ("-", synced.removed), ("mended", synced.mended)):
        for name in names:
            say(f"{sign} {name}")
    if guarded_shell.renew(home):
        say(f"renewed {guarded_shell.path(home)}", err=True)
    say_count(synced, home)
    if synced.unread:
        warn(f"no program was looked for in {', '.join(synced.unread)}, which did not answer")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_(as_json: bool) -> None:
    """List the shimmed commands and the programs behind them."""
    home = Home.find()
    path = os.environb.get(b"PATH")
    directory = os.fsencode(working_directory() or "/")
    programs = Programs()
    rows = []
    for name in shims.list_shims(home):
        program, _ = programs.find(os.fsencode(name), path, directory)
        rows.append((name, os.fsdecode(program) if program else "not installed"))
    if as_json:
        click.echo(json.dumps([{"command": name, "program": program} for name, program in rows]))
    else:
        click.echo(columns(rows), nl=False)
    with contextlib.suppress(TableError):  # then no rule is about anything
        say_lacking(shims.lacking(home))


@command.command()
@click.argument("names", nargs=-1)
@takes_pin
def remove(names: tuple[str, ...], pin_stdin: bool) -> None:
    """Remove these shims, or all of them. Inside an agent it takes the PIN."""
    home = Home.find()
    require_person("safeshell shims remove", home, pin_stdin=pin_stdin)
    for name in shims.remove(home, names):
        say(f"- {name}")
