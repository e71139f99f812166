"""`safeshell run`: a command behind the shims."""

from __future__ import annotations

import os
import shutil
import signal

import click

from safeshell.cli.daemon import launch
from safeshell.cli.output import warn
from safeshell.client import control
from safeshell.errors import SafeShellError, UnreachableError
from safeshell.home.paths import Home
from safeshell.install.shims import list_shims
from safeshell.install.startup import guard_shells
from safeshell.protocol import Type

NOT_FOUND = 127
CANNOT_RUN = 126


@click.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND [ARG…]")
def command(argv: tuple[str, ...]) -> int:
    """Run COMMAND (an agent, a shell, a script) with the shims first on PATH, the daemon up and context `ai`.

    They stay first in the shells that it starts, login shells too, as far as the environment reaches: docs/shells.md.

    Exit status: the command's own.
    """
    home = Home.find()
    home.check()
    if not list_shims(home):
        raise SafeShellError(f"there are no shims in {home.shims}", hint="run `safeshell init`")
    try:
        control(Type.STATUS, home=home)
    except UnreachableError:
        launch(home)
    environment = dict(os.environ)
    rest = [entry for entry in environment.get("PATH", os.defpath).split(":") if entry != home.shims]
    environment["PATH"] = ":".join([home.shims, *rest])
    environment["SAFESHELL_HOME"] = home.root
    environment["SAFESHELL_CONTEXT"] = "ai"
    guard_shells(home, environment)
    program = shutil.which(argv[0], path=environment["PATH"])
    if program is None:
        warn(f"{argv[0]}: command not found")
        return NOT_FOUND
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and what is ignored stays so
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execve(program, argv, environment)
    except OSError as error:
        warn(f"{argv[0]}: {error.strerror}")
        return CANNOT_RUN
