"""`safeshell init`: a home set up."""

from __future__ import annotations

import os
import sys

import click

from safeshell.cli.approvals import enroll
from safeshell.cli.output import say, warn
from safeshell.cli.person import takes_pin
from safeshell.cli.publishing import put_in_force
from safeshell.cli.shims import say_count, say_fallback, sync_home
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.home.person import agent_asks
from safeshell.home.writing import write_atomically
from safeshell.install.activation import write_blocks


@click.command("init")
@click.option("--shell", is_flag=True, help="Have your shells' start-up files put the shims first on PATH, too.")
@takes_pin
def command(shell: bool, pin_stdin: bool) -> int:
    """Set up a home: a commented rules.yaml, its table, the shims. Never overwrites.

    Exit status: 0, 1 a start-up file can't be written.
    """
    from safeshell_compiler.findings.render import human  # noqa: PLC0415 # as above
    from safeshell_compiler.publish import compile_home, compile_machine  # noqa: PLC0415 # `--help` need not wait for it

    home = Home.find()
    home.create()
    if os.path.lexists(home.rules):
        say(f"kept {home.rules}", err=True)
    else:
        _write_starter(home)
        say(f"wrote {home.rules}", err=True)
    layers = [layer for layer in (compile_machine(), compile_home(home)) if layer is not None]
    errors = [error for layer in layers for error in layer.errors]
    if errors:
        click.echo(human(errors), err=True, nl=False)
    if layers[-1].errors:
        raise SafeShellError(f"{home.rules} does not compile", hint="mend it and run `safeshell init` again")
    put_in_force(home, *[layer for layer in layers if not layer.errors], deed="safeshell init", pin_stdin=pin_stdin)
    synced = sync_home(home)
    say_fallback(synced)
    say_count(synced, home)
    good = True
    if shell:
        good = _write_blocks(home)
    else:
        click.echo(
            "\nPut the shims first on PATH, in your shell's start-up file (`safeshell init --shell` does):\n", err=True
        )
        say(f'export PATH="{home.shims}:$PATH"')
        click.echo("\nor run one program behind them:  safeshell run -- bash", err=True)
    if not os.path.exists(home.pin):
        _offer_pin(home)
    return 0 if good else 1


def _write_blocks(home: Home) -> bool:
    written, failed = write_blocks(home)
    for path in written:
        say(f"wrote to {path}")
    for path, reason in failed.items():
        warn(f"can't write {path}: {reason}", "put there what `safeshell activate bash|zsh|fish` prints")
    if not failed:
        click.echo("shells that start from now on have the shims first on PATH", err=True)
    return not failed


def _offer_pin(home: Home) -> None:
    """A PIN keeps an agent from approving its own commands: asked for at a person's terminal, named elsewhere."""
    what = "approving what an agent asks for takes a PIN"
    if agent_asks(home) or not (sys.stdin.isatty() and sys.stderr.isatty()):
        click.echo(f"\n{what}: safeshell approvals enroll", err=True)
    elif click.confirm(f"\n{what[0].upper()}{what[1:]}. Set it now?", err=True):
        enroll(home)


def _write_starter(home: Home) -> None:
    with open(os.path.join(os.path.dirname(os.path.dirname(__file__)), "starter.yaml"), encoding="utf-8") as stream:
        text = stream.read()
    try:
        write_atomically(home.rules, text.encode(), 0o600, new=True)
    except OSError as error:
        raise SafeShellError(f"can't write {home.rules}: {error.strerror}") from error
