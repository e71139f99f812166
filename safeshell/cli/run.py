"""`safeshell run`: a command in the kernel tier, or behind the shims."""

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
from safeshell.install.native import native_keeper
from safeshell.install.shims import list_shims
from safeshell.install.startup import guard_shells
from safeshell.protocol import Type

NOT_FOUND = 127
CANNOT_RUN = 126
FAILED = 125


@click.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--strict", "tier", flag_value="kernel", help="In the kernel tier: every program that begins is decided.")
@click.option("--shims", "tier", flag_value="shims", default=True, help="Behind the shims, first on PATH. The default.")
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND [ARG…]")
def command(tier: str, argv: tuple[str, ...]) -> int:
    """Run COMMAND (an agent, a shell, a script) guarded, with the daemon up and context `ai`.

    The shims stay first on PATH in the shells that it starts, login shells too, as far as the environment reaches:
    docs/shells.md. With --strict no PATH matters: docs/kernel.md.

    Exit status: the command's own; 125 where --strict can't be had.
    """
    home = Home.find()
    home.check()
    strict = tier == "kernel"
    if not strict and not list_shims(home):
        raise SafeShellError(f"there are no shims in {home.shims}", hint="run `safeshell init`")
    try:
        control(Type.STATUS, home=home)
    except UnreachableError:
        launch(home)
    environment = dict(os.environ)
    rest = [entry for entry in environment.get("PATH", os.defpath).split(":") if entry != home.shims]
    environment["SAFESHELL_HOME"] = home.root
    environment["SAFESHELL_CONTEXT"] = "ai"
    keeper = native_keeper() if strict else None
    if strict and not keeper:
        warn("--strict needs Linux and a C compiler when SafeShell is installed: the keeper was not built")
        return FAILED
    environment["PATH"] = ":".join(rest if strict else [home.shims, *rest])
    if not strict:
        guard_shells(home, environment)
    program = shutil.which(argv[0], path=environment["PATH"])
    if program is None:
        warn(f"{argv[0]}: command not found")
        return NOT_FOUND
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and what is ignored stays so
        signal.signal(number, signal.SIG_DFL)
    try:
        if keeper:  # it starts the program
            os.execve(keeper, ["safeshell-keeper", os.path.abspath(program), *argv], environment)
        os.execve(program, argv, environment)
    except OSError as error:
        warn(f"{argv[0]}: {error.strerror}")
        return CANNOT_RUN
