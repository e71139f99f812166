"""`safeshell shell`: the guarded shell, for agents that take one."""

from __future__ import annotations

import click

from safeshell.home.paths import Home
from safeshell.install.guarded_shell import LINKS, PROGRAM, install


@click.command("shell")
@click.argument("name", required=False, type=click.Choice(LINKS))
def command(name: str | None) -> None:
    """Print the path of the guarded shell, which is made where it isn't there: `SHELL=$(safeshell shell)`.

    It has each line judged before the real shell runs it: that of SAFESHELL_SHELL, else the account's. With NAME it is
    a link of that name, for agents that take no other name, and runs that shell.
    """
    home = Home.find()
    home.check()
    click.echo(install(home, name or PROGRAM))
