"""`safeshell trash`: what `rm` moved to the trash."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from safeshell.cli.output import progress, warn
from safeshell.cli.person import require_person, takes_pin
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.text import columns
from safeshell.trash.depth import any_depth
from safeshell.trash.directory import Entry, TrashDirectory
from safeshell.trash.limits import human, size_of
from safeshell.trash.locations import open_all
from safeshell.trash.quoting import shown
from safeshell.trash.restoring import find, listed, parents_first, restore

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _age(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)([smhdw])", value, re.ASCII)
    if not found:
        raise click.BadParameter(f"{value!r} is no age: a number with s, m, h, d or w, like 30d", ctx, param)
    return float(found[1]) * _UNITS_S[found[2]]


@click.group("trash")
def command() -> None:
    """What `rm` moved to the trash, where a rule redirects it to `safeshell-trash`."""


@contextmanager
def _trashes() -> Iterator[list[TrashDirectory]]:
    with any_depth(), open_all(os.fsencode(Home.find().root)) as found:
        yield found


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_(as_json: bool) -> None:
    """List what is in the trash, oldest first."""
    with _trashes() as trashes:
        entries = listed(trashes)
        if as_json:
            click.echo(json.dumps([_describe(entry) for entry in entries]))
            return
        rows = [(_date(entry), human(size_of(entry)), shown(entry.name), shown(entry.path)) for entry in entries]
    if rows:
        click.echo(columns([("DELETED", "SIZE", "NAME", "PATH"), *rows]), nl=False)
    else:
        click.echo("the trash is empty", err=True)


def _describe(entry: Entry) -> dict[str, Any]:
    return {
        "name": os.fsdecode(entry.name),
        "path": os.fsdecode(entry.path) or None,
        "deleted": datetime.fromtimestamp(entry.record.time_ns / 1e9, UTC).isoformat(timespec="milliseconds"),
        "size": size_of(entry),
        "trash": os.fsdecode(entry.trash.root),
    }


def _date(entry: Entry) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.record.time_ns // 1_000_000_000))


@command.command("restore")
@click.argument("names", nargs=-1, metavar="[NAME|PATH]...")
@click.option("--all", "everything", is_flag=True, help="Restore all there is.")
@click.option("--to", metavar="DIR", type=click.Path(file_okay=False), help="Restore into this directory instead.")
def restore_(names: Sequence[str], everything: bool, to: str | None) -> int:
    """Bring things back to where they were.

    NAME is what `trash list` calls a thing; PATH is where it was, and means the last one that was there. Nothing is
    ever overwritten.
    """
    if bool(names) == everything:
        raise click.UsageError("name what to restore, or say --all.")
    failed = False
    with _trashes() as trashes:
        entries = listed(trashes)
        chosen = parents_first(entries) if everything else [find(entries, os.fsencode(name)) for name in names]
        for entry in dict.fromkeys(chosen):
            try:
                path = restore(entry, os.fsencode(to) if to else None)
            except SafeShellError as error:
                failed = True
                warn(error.message, error.hint)
            else:
                click.echo(f"restored {shown(path)}")
    return int(failed)


@command.command()
@click.argument("names", nargs=-1, metavar="[NAME|PATH]...")
@click.option("--older-than", callback=_age, metavar="AGE", help="Only what was deleted longer ago, like 30d.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@takes_pin
def empty(names: Sequence[str], older_than: float | None, yes: bool, pin_stdin: bool) -> None:
    """Delete what is in the trash for good: all, or what is named. Inside an agent it takes the PIN."""
    require_person("safeshell trash empty", Home.find(), pin_stdin=pin_stdin)
    with _trashes() as trashes:
        entries = listed(trashes)
        chosen = list(dict.fromkeys(find(entries, os.fsencode(name)) for name in names)) if names else entries
        if older_than is not None:
            limit_ns = time.time_ns() - int(older_than * 1e9)
            chosen = [entry for entry in chosen if entry.record.time_ns < limit_ns]
        if chosen and not yes:
            _confirm(chosen)
        size = sum(size_of(entry) for entry in chosen)
        try:
            with progress("deleting", sys.stderr):
                _expunge(trashes, chosen)
        except OSError as error:
            where = shown(os.fsencode(error.filename)) if error.filename else "all"
            raise SafeShellError(f"can't delete {where}: {error.strerror}") from error
    click.echo(f"deleted {_things(chosen)}, {human(size)}", err=True)


def _expunge(trashes: Sequence[TrashDirectory], chosen: Sequence[Entry]) -> None:
    for trash in trashes:
        with trash.locked():
            trash.expunge([entry for entry in chosen if entry.trash is trash])
        trash.clear()


def _confirm(chosen: Sequence[Entry]) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on; say --yes to delete for good.")
    size = sum(size_of(entry) for entry in chosen)
    click.confirm(f"Delete {_things(chosen)}, {human(size)}, for good?", abort=True, err=True)


def _things(entries: Sequence[Entry]) -> str:
    return f"{len(entries)} {'thing' if len(entries) == 1 else 'things'}"
