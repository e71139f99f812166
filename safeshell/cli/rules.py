"""`safeshell rules`: what rules can ask about."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator

import click

from safeshell.cli.output import warn
from safeshell.command.programs.grammars import programs
from safeshell.command.programs.record import Wrapper
from safeshell.errors import UndecidedError
from safeshell.host.path_resolution import Resolver
from safeshell.host.places import NAMES, Places, Region
from safeshell.text import columns, text


@click.group("rules")
def command() -> None:
    """What rules can ask about."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def wrappers(as_json: bool) -> None:
    """List the programs that run what they are given: what each takes, and whether it is taken off when it starts.

    What isn't is looked into in shell lines only: by hooks and by `check -c`.
    """
    found = sorted((name, known.row) for name, known in programs().items() if known.row is not None)
    rows = [one for name, row in found for one in _rows(name, row, row.kept)]
    if as_json:
        names = ("wrapper", "takes", "taken_off", "why_not", "shims")
        click.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
    else:
        shown = [
            (name, takes, "taken off" if taken else f"in lines only: {why}", "" if shims else "no shim sees it")
            for name, takes, taken, why, shims in rows
        ]
        click.echo(columns(shown), nl=False)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def places(as_json: bool) -> None:
    """List what `@home`, `@project`, `@temporary` and `@system` are here: for a session that begins in this directory.

    HOME and TMPDIR count as this command's own environment has them.
    """
    directory = os.fsencode(os.getcwd())
    found = Places(Resolver().resolve, os.environb.get(b"HOME"), lambda: directory)
    regions: dict[str, Region | None] = {}
    for name in NAMES:
        try:
            regions[name] = found.region(name)
        except UndecidedError as error:
            warn(f"{name} can't be told: {error}")
            regions[name] = None
    if as_json:
        click.echo(json.dumps({name: _region_json(region) for name, region in regions.items()}))
    else:
        shown = [(name, *_region_words(region)) for name, region in regions.items()]
        click.echo(columns(shown), nl=False)


def _region_json(region: Region | None) -> dict[str, list[str]] | None:
    if region is None:
        return None
    return {"paths": [text(path) for path in region.tops], "but": [text(path) for path in region.but]}


def _region_words(region: Region | None) -> tuple[str, str]:
    """A place's directories, and what of them doesn't count."""
    if region is None:
        return "undecided", ""
    paths, but = (" ".join([shlex.quote(text(path)) for path in part]) for part in region)
    return paths or "nothing is inside", f"but {but}" if but else ""


def _rows(name: str, row: Wrapper, kept: str) -> Iterator[tuple[str, str, bool, str | None, bool]]:
    """A program's, or those of its subcommands."""
    for verb, inner in row.verbs.items():
        yield from _rows(f"{name} {verb}" if verb else name, inner, kept)
    if not row.verbs:
        yield name, _takes(row), not kept, kept or None, not (row.unseen or row.elsewhere)


def _takes(row: Wrapper) -> str:
    """What a row says that a program runs."""
    found = []
    if row.texts:
        found.append(f"a text behind {row.texts[0]}")
    if row.each:
        found.append("texts")
    elif row.joined:
        found.append("a text")
    elif row.behind or (row.dashed and not row.operands):
        found.append(f"a command behind {' or '.join([*row.behind[:1], *(['--'] if row.dashed else [])])}")
    elif not row.needs and not (row.permutes and row.texts):
        operands = "" if not row.operands else ", an operand before it" if row.operands == 1 else ", operands before it"
        found.append(f"a command{operands}")
    elif row.needs and not row.texts:
        found.append(f"a command with {row.needs[0]}")
    if row.program:
        found.append(f"a program behind {row.program[0]}")
    return " or ".join(found)
