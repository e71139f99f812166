"""`safeshell activate`: what a shell evaluates to be behind the shims."""

from __future__ import annotations

import click

from safeshell.home.paths import Home
from safeshell.install.activation import SHELLS, activation


@click.command("activate")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print what SHELL evaluates to have the shims first on PATH: `eval "$(safeshell activate bash)"`.

    `safeshell init --shell` writes it into your start-up files.
    """
    home = Home.find()
    home.check()
    click.echo(activation(home, shell), nl=False)
