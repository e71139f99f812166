"""`safeshell doctor`: probes of the installation."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from safeshell.cli.output import say, wants_colour
from safeshell.cli.probes.examine import examine
from safeshell.cli.probes.model import Probe
from safeshell.home.paths import Home
from safeshell.text import printable

_MARKS = {True: ("ok", "green"), False: ("FAILED", "red"), None: ("skipped", "yellow")}


@click.command("doctor")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON array: name, ok (null: nothing to probe), found, hint."
)
def command(as_json: bool) -> int:
    """Probe the real thing: do names on this PATH lead to shims, is a denied command denied, what does one cost here.

    Exit status: 0 all is well, 1 a probe failed.
    """
    failed = False
    probes = []
    for probe in examine(Home.find()):
        failed = failed or probe.ok is False
        if as_json:
            probes.append(asdict(probe))
        else:
            _print(probe)
    if as_json:
        click.echo(json.dumps(probes))
    return 1 if failed else 0


def _print(probe: Probe) -> None:
    word, colour = _MARKS[probe.ok]
    line = f"{click.style(word.ljust(7), fg=colour)}  {probe.name}: {printable(probe.found)}"
    click.echo(line, color=wants_colour(sys.stdout))
    if probe.hint:
        say(f"         hint: {probe.hint}")
