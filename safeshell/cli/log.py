"""`safeshell log`: the audit log, queried and verified."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections import deque
from datetime import UTC, datetime
from typing import Any

import click

from safeshell.audit import verify as checking
from safeshell.audit.files import log_path, opened
from safeshell.audit.follow import follow as followed
from safeshell.audit.query import RecordQuery, parse_time
from safeshell.cli.output import say, wants_colour, warn
from safeshell.cli.records import Layout, row
from safeshell.client import control
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.protocol import Type

_BEFORE = 10
"""Records shown before those that follow, as tail(1) does."""

_DECISIONS = click.Choice(["allow", "deny", "require_approval", "redirect", "error"])


def _time(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str:
    if value is None:
        return ""
    try:
        return parse_time(value, datetime.now(UTC))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.group("log", invoke_without_command=True)
@click.option("--follow", "-f", "follows", is_flag=True, help="Go on with what comes, until ^C.")
@click.option(
    "--decision", "decisions", multiple=True, type=_DECISIONS, help="Only these decisions; `error`: failures."
)
@click.option("--rule", "rules", multiple=True, metavar="R", help="Only what this rule decided or observed.")
@click.option("--since", callback=_time, metavar="T", help="From then on: 2h, 3d, 2026-11-22, RFC 3339.")
@click.option("--until", callback=_time, metavar="T", help="Before then.")
@click.option("--cwd", type=click.Path(), help="Only in this directory or below.")
@click.option("--grep", default="", metavar="TEXT", help="Only with this in the command, directory, rule or message.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the last N.")
@click.option("--json", "as_json", is_flag=True, help="Print the records as they stand, a JSON object a line.")
@click.pass_context
def command(
    ctx: click.Context,
    follows: bool,
    decisions: tuple[str, ...],
    rules: tuple[str, ...],
    since: str,
    until: str,
    cwd: str | None,
    grep: str,
    limit: int | None,
    as_json: bool,
) -> None:
    """Show what was decided, from the audit log, the oldest first.

    Rotated files are read too. Which decisions are recorded is the setting `audit`: those that restrict, or all.
    """
    if ctx.invoked_subcommand is not None:
        return
    query = RecordQuery(
        frozenset(decisions),
        frozenset(rules),
        since,
        until,
        "" if cwd is None else os.path.realpath(cwd),
        grep,
    )
    path = log_path(Home.find())
    shown = _Shown(query, limit or (_BEFORE if follows and not since else None), as_json=as_json)
    if follows:
        for line in followed(path):
            if line is None:
                shown.settle()
            else:
                shown.line(line)
        return
    try:
        with opened(path) as streams:
            for stream in streams:
                if os.fstat(stream.fileno()).st_mtime < _seconds(since):
                    continue
                for line in stream:
                    shown.line(line.rstrip(b"\n"))
    except OSError as error:
        raise SafeShellError(f"can't read {error.filename or path}: {error.strerror}") from error
    shown.settle()
    if shown.broken:
        warn(f"{shown.broken} lines of the log are no records; `safeshell log verify` names them")


@command.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(as_json: bool) -> int:
    """Check that nothing in the log was changed, taken away or put elsewhere, and that all was written.

    Where the daemon runs, its own count says whether records are missing at the end. Records that were rotated away are
    not missing; from which record on the log goes is said.

    --json prints {"ok", "records", "first", "last", "findings": [{"kind", "file", "line", "message"}]}. A kind is
    changed, missing, reordered, repeated, torn (not written to its end) or lost (the writer could not write it).

    Exit status: 0 the chain is whole, 1 it is not.
    """
    home = Home.find()
    head = _head(home)
    path = log_path(home)
    try:
        with opened(path) as streams:
            found = checking.verify(streams, head)
    except OSError as error:
        raise SafeShellError(f"can't read {error.filename or path}: {error.strerror}") from error
    if as_json:
        click.echo(json.dumps(checking.to_json(found)))
    else:
        for line in checking.lines(found):
            say(line)
        click.echo(_summary(found))
    return int(bool(found.findings))


def _head(home: Home) -> dict[str, Any] | None:
    """Head of the daemon's chain, None where none runs."""
    with contextlib.suppress(SafeShellError):
        head = control(Type.STATUS, home=home).get("audit")
        return head if isinstance(head, dict) else None
    return None


def _summary(found: checking.Verified) -> str:
    if not found.records:
        return "no records"
    records = f"{found.records} records, {found.first} to {found.last}"
    problems = len(found.findings)
    if not problems:
        return f"{records}: the chain is whole"
    return f"{records}: {problems} problem{'s' if problems > 1 else ''}"


class _Shown:
    """Prints the records that are asked for.

    Attributes:
        broken: lines that are no records.
    """

    def __init__(self, query: RecordQuery, limit: int | None, *, as_json: bool) -> None:
        self.broken = 0
        self._query = query
        self._last: deque[str] | None = None if limit is None else deque(maxlen=limit)
        self._layout: Layout | None = None
        if not as_json:
            terminal = sys.stdout.isatty()
            width = shutil.get_terminal_size().columns if terminal else None
            self._layout = Layout(width, colour=wants_colour(sys.stdout))

    def line(self, line: bytes) -> None:
        """Takes a line of the log."""
        try:
            record = json.loads(line)
            if not self._query.matches(record):
                return
            text = line.decode("ascii") if self._layout is None else row(record, self._layout)
        except (ValueError, TypeError, KeyError, AttributeError):
            self.broken += bool(line)
            return
        if self._last is None:
            sys.stdout.write(f"{text}\n")
        else:
            self._last.append(text)

    def settle(self) -> None:
        """Prints what was held back for a limit, which is over with it, and all that is in the way out."""
        if self._last is not None:
            sys.stdout.writelines(f"{text}\n" for text in self._last)
            self._last = None
        sys.stdout.flush()


def _seconds(ts: str) -> float:
    return datetime.fromisoformat(ts).timestamp() if ts else 0.0
