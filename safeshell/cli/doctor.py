"""`safeshell doctor`: probes of the installation, and of the ways in which commands are run here."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from safeshell.cli.daemon import launch
from safeshell.cli.output import say, wants_colour
from safeshell.cli.probes.examine import examine
from safeshell.cli.probes.model import Probe
from safeshell.cli.probes.ways.table import as_json as way_as_json
from safeshell.cli.probes.ways.table import as_table, ways_in
from safeshell.client import control
from safeshell.errors import SafeShellError, UnreachableError
from safeshell.home.paths import Home, working_directory
from safeshell.install.shims import list_shims
from safeshell.protocol import Type
from safeshell.text import printable

_MARKS = {True: ("ok", "green"), False: ("FAILED", "red"), None: ("skipped", "yellow")}


@click.command("doctor")
@click.option("--json", "in_json", is_flag=True, help="Print one JSON object, `probes` and `ways`: docs/doctor.md.")
def command(in_json: bool) -> int:
    """Probe the real thing: is each way in which commands are run here guarded, are rules in force, what does one cost.

    A harmless canary takes each way in: agents' hooks as the agents call them, shells, tmux. It is counted nowhere. The
    daemon is started where none runs.

    Exit status: 0 all that was set up works, 1 a probe failed, or a way in that was set up isn't guarded.
    """
    home = Home.find()
    _start(home)
    probes, ways = [], []
    for probe in examine(home):
        probes.append(probe)
        if not in_json:
            _print(probe)
    if list_shims(home) and _is_reachable(home):
        ways = list(ways_in(home, working_directory() or "/"))
    if in_json:
        click.echo(json.dumps({"probes": [asdict(one) for one in probes], "ways": [way_as_json(one) for one in ways]}))
    elif ways:
        click.echo(f"\n{as_table(ways)}", nl=False)
    failed = any(probe.ok is False for probe in probes) or any(way.has_failed for way in ways)
    return 1 if failed else 0


def _start(home: Home) -> None:
    """Starts the daemon where none runs; what stands in the way, a probe says."""
    if _is_reachable(home):
        return
    try:
        home.check()
        launch(home)
    except SafeShellError as error:
        say(f"safeshell: {error.message}", err=True)


def _is_reachable(home: Home) -> bool:
    try:
        control(Type.STATUS, home=home)
    except UnreachableError:
        return False
    return True


def _print(probe: Probe) -> None:
    word, colour = _MARKS[probe.ok]
    line = f"{click.style(word.ljust(7), fg=colour)}  {probe.name}: {printable(probe.found)}"
    click.echo(line, color=wants_colour(sys.stdout))
    if probe.hint:
        say(f"         hint: {probe.hint}")
