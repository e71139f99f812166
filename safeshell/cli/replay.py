"""`safeshell replay`: the audit log decided again."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import BinaryIO

import click

from safeshell.audit.files import log_path, opened
from safeshell.audit.replay.run import Grounds, parts, replay
from safeshell.audit.replay.summary import EXAMPLES, DecisionChange, Group, ReplayTally
from safeshell.cli.diff import table_of
from safeshell.cli.output import wants_colour, warn
from safeshell.cli.tables_in_force import tables_of
from safeshell.errors import SafeShellError
from safeshell.home.in_force import begin_reading
from safeshell.home.paths import SYSTEM_RULES, Home
from safeshell.text import printable

_COLOURS = {"loosened": "red", "tightened": "green", "changed": "yellow"}


@click.command("replay")
@click.option("--table", type=click.Path(exists=True), help="Rules, or a table written by `compile -o`.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--verbose", "-v", is_flag=True, help=f"List all records of each group, not {EXAMPLES}.")
@click.option("--exit-code", is_flag=True, help="End with 1 where something is decided otherwise.")
@click.argument("logs", nargs=-1, type=click.Path(exists=True, dir_okay=False), metavar="[LOG]…")
def command(table: str | None, as_json: bool, verbose: bool, exit_code: bool, logs: tuple[str, ...]) -> int:
    """Decide what was recorded again, and list what would be decided otherwise.

    LOG is the audit log, with what was rotated, where left out. It is decided by the rules that are in force now, a
    repository's included; with --table by those of a rules file, a directory of them, or a table, alone.

    A record is decided again by the facts that it holds. Where the new rules ask for one that wasn't read then, where
    they hang on a secret that was redacted, or where it is a whole shell line, the record can't be decided again:
    those are counted and listed by the reason.

    --json prints {"records", "same", "differ", "undecidable", "skipped", "changes": [{"rule", "change" (tightened,
    loosened, changed), "old", "new" (each "decision", "rule"), "count", "examples": [{"seq", "ts", "cwd",
    "command"}]}], "reasons": [{"reason", "count", "examples"}]}. What is skipped is of no decision: answers to requests
    for approval, and failures.

    Exit status: 0; with --exit-code 1 where something is decided otherwise.
    """
    home = Home.find()
    grounds = _grounds(home, table, None if verbose else EXAMPLES)
    if grounds is None:
        return 1
    with _opened(home, logs) as streams:
        todo = parts(streams)
        size = sum(part.end - part.start for part in todo)
        progress = _Progress(size)
        try:
            tally = replay(grounds, todo, progress.show)
        finally:
            progress.clear()
    for note in tally.notes:
        warn(note)
    if as_json:
        click.echo(json.dumps(tally.to_json()))
    else:
        click.echo("\n".join(_lines(tally)), color=wants_colour(sys.stdout))
    return int(exit_code and tally.differ > 0)


def _grounds(home: Home, path: str | None, most: int | None) -> Grounds | None:
    if path is not None:
        table = table_of(path)
        return None if table is None else Grounds((table,), None, most)
    asked = (SYSTEM_RULES, home.rules)
    found, _ = begin_reading(home).result()
    if home.rules not in found:
        raise SafeShellError("no rules are in force", hint="run `safeshell compile`")
    return Grounds(tuple(tables_of(found, asked)), home.root, most)


@contextlib.contextmanager
def _opened(home: Home, logs: tuple[str, ...]) -> Iterator[list[BinaryIO]]:
    with contextlib.ExitStack() as stack:
        try:
            if logs:
                streams: list[BinaryIO] = [stack.enter_context(open(log, "rb")) for log in logs]
            else:
                streams = stack.enter_context(opened(log_path(home)))
        except OSError as error:
            raise SafeShellError(f"can't read {error.filename}: {error.strerror}") from error
        yield streams


class _Progress:
    """Says on a terminal how far it is."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._shown = False

    def show(self, done: int, records: int) -> None:
        """So many bytes are done, and so many records."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{100 * done // max(self._size, 1):3} %  {records:,} records")
            sys.stderr.flush()
            self._shown = True

    def clear(self) -> None:
        """It is over: the line goes."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _lines(tally: ReplayTally) -> Iterator[str]:
    for change, group in tally.in_order():
        yield _head(change, group)
        yield from _examples(group)
        yield ""
    if tally.undecidable:
        yield click.style("can't be decided again", bold=True)
        for reason, group in sorted(tally.undecidable.items(), key=lambda one: (-one[1].count, one[0])):
            yield f"  {printable(reason)}: {group.count:,}"
            yield from _examples(group)
        yield ""
    yield _summary(tally)


def _head(change: DecisionChange, group: Group) -> str:
    rule = click.style(change.rule or "no rule", bold=True)
    direction = click.style(change.direction, fg=_COLOURS[change.direction])
    old = f"{change.old} ({change.old_rule})" if change.old_rule not in ("", change.rule) else change.old
    new = f"{change.new} ({change.new_rule})" if change.new_rule not in ("", change.rule) else change.new
    return f"{rule}  {old} → {new}  {group.count:,}  {direction}"


def _examples(group: Group) -> Iterator[str]:
    for example in group.examples:
        where = f" in {example['cwd']}" if example["cwd"] else ""
        yield f"    {printable(example['command'] + where)}  (record {example['seq']}, {example['ts']})"
    more = group.count - len(group.examples)
    if more:
        yield f"    and {more:,} more"


def _summary(tally: ReplayTally) -> str:
    parts = [f"{tally.same:,} as they were", f"{tally.differ:,} otherwise", f"{tally.undecided:,} undecidable"]
    if tally.skipped:
        parts.append(f"{tally.skipped:,} of no decision")
    return f"{tally.records:,} records: {', '.join(parts)}"
