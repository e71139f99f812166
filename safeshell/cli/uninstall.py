"""`safeshell uninstall`: takes back what SafeShell put on this machine for its user."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil

import click

from safeshell.cli.daemon import shut_down
from safeshell.cli.hook import AGENTS, take_out
from safeshell.cli.output import say, warn
from safeshell.cli.person import require_person, takes_pin
from safeshell.cli.units import remove_units
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.install import guarded_shell, shims
from safeshell.install.activation import take_back
from safeshell.install.memory import forget
from safeshell.install.startup import remove_files

_OURS = (
    "rules.yaml",
    "config.yaml",
    "client.conf",
    "tables.lmdb*",
    "audit.jsonl*",
    "approvals.pin",
    "approvals.last",
    "agents.none",
    "daemon.log*",
    "daemon.sock",
    "export.state",
)
"""What `--all` removes of a home: names that SafeShell gives, and no file that the user has put there beside them."""


@click.command("uninstall")
@click.option("--all", "everything", is_flag=True, help="Rules, settings, log and PIN, too; ends running commands.")
@takes_pin
def command(everything: bool, pin_stdin: bool) -> int:
    """Take back what guards: agents' hooks, the lines in shells' start-up files, the shims, the units, the daemon.

    Rules and log stay, unless `--all` is given; what is in the trash stays either way. Inside an agent it takes the
    PIN.

    Exit status: 0 all is taken back, 1 something could not be.
    """
    home = Home.find()
    home.check()
    require_person("safeshell uninstall", home, pin_stdin=pin_stdin)
    # Hooks first: one that finds no daemon would refuse all its agent's lines.
    good = take_out(home, AGENTS.values())
    good &= _remove_shell(home)
    good &= _take_back_lines(home)
    good &= _remove_shims(home)
    _remove_units(home)
    if shut_down(home, now=everything):
        say("stopped the daemon")
    if everything and good:
        good = _remove_home(home)
    click.echo("`pip uninstall safeshell-guard` removes the program itself", err=True)
    return 0 if good else 1


def _remove_shell(home: Home) -> bool:
    try:
        if guarded_shell.remove(home):
            say(f"removed {guarded_shell.path(home)}: what has it for a shell runs nothing until it has another")
    except OSError as error:
        warn(f"can't remove {error.filename}: {error.strerror}")
        return False
    return True


def _take_back_lines(home: Home) -> bool:
    taken, failed = take_back(home)
    for path in taken:
        say(f"took the lines out of {path}")
    for path, reason in failed.items():
        warn(f"can't write {path}: {reason}", "take out what stands between the two lines that name safeshell")
    if not failed:
        remove_files(home)
    return not failed


def _remove_shims(home: Home) -> bool:
    try:
        names = shims.remove(home)
    except SafeShellError as error:
        warn(error.message, error.hint)
        return False
    if names:
        say(f"removed {len(names)} shims from {home.shims}")
    forget(home)
    with contextlib.suppress(OSError):  # what isn't ours stays
        os.rmdir(home.shims)
    return True


def _remove_units(home: Home) -> None:
    paths = remove_units(home)
    for path in paths:
        say(f"removed {path}")
    if paths:
        click.echo("Now run: systemctl --user stop safeshell.socket; systemctl --user daemon-reload", err=True)


def _remove_home(home: Home) -> bool:
    """Removes what SafeShell wrote into the home, and the home where nothing else is in it."""
    for name in _OURS:
        for path in glob.glob(os.path.join(glob.escape(home.root), name)):
            try:
                os.unlink(path)
            except OSError as error:
                warn(f"can't remove {path}: {error.strerror}")
                return False
    if not os.path.isdir(os.path.join(home.trash, "files")) or not os.listdir(os.path.join(home.trash, "files")):
        shutil.rmtree(home.trash, ignore_errors=True)
    left = os.listdir(home.root)
    if not left:
        os.rmdir(home.root)
        say(f"removed {home.root}")
    else:
        say(f"left in {home.root}: {', '.join(sorted(left))}", err=True)
    return True
