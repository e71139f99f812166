"""`safeshell diff`: what changed between two sets of rules."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from safeshell.cli.output import wants_colour
from safeshell.home.paths import Home
from safeshell.home.repository_rules import kind_of
from safeshell.policy.atoms import fact
from safeshell.policy.decision import Action, Decision
from safeshell.policy.store.reading import read_file
from safeshell.policy.table import Table
from safeshell.text import printable

if TYPE_CHECKING:
    from safeshell_compiler.diff import Change, Diff, Field
    from safeshell_compiler.witnesses.situation import Situation
    from safeshell_compiler.witnesses.witness import Witness

_ACTIONS = {Action.ALLOW: "green", Action.DENY: "red", Action.REQUIRE_APPROVAL: "yellow", Action.REDIRECT: "cyan"}
_SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
_COLOURS = {"loosened": "red", "tightened": "green", "unknown": "yellow"}
_WITHOUT = {
    "no effect": "no command is decided otherwise",
    "unknown": "no witness found",
    "loosened": "no witness found; counted as loosened because it restricts less by its kind, or may",
}
_LMDB_MAGIC = bytes.fromhex("dec0efbe")
_PATH = click.Path(exists=True, readable=True)


@click.command("diff")
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(old: str, new: str, as_json: bool) -> int:
    r"""List the rules that differ between OLD and NEW, each with a command that the two decide differently.

    OLD and NEW are rules files, directories of them, or tables written by `compile -o`.

    Such a command is run in directory /, outside a repository, with an empty environment, no files and by a person,
    unless it says otherwise; both tables have decided it. A change without one has no effect on decisions wherever the
    facts can be read, or the search for one ended early: then a restricting rule that was removed, weakened or given
    other conditions counts as loosened. Messages, timeouts and a redirect's target never do.

    To demand a review in CI, where the rules are one file, or more:

    \b
      git show origin/main:rules.yaml > old.yaml && safeshell diff old.yaml rules.yaml
      mkdir old && git archive origin/main | tar -x -C old && safeshell diff old/rules.yaml rules.yaml

    --json prints {"loosened": bool, "changes": […]}. A change has `change` (added, removed, changed), `rule`, `old` and
    `new` (null, or `action` and `source`), `fields` (name: {`old`, `new`}; for `conditions` the rows gone and come),
    `verdict` (loosened, tightened, changed, "no effect", unknown) and `witnesses`. A witness has `direction` (looser,
    tighter, other), `command`, `argv`, `cwd`, `branch`, `in_git_repo`, `env`, `files`, `context`, and `old` and `new`:
    `decision`, `rule`, `source`, `message`, `timeout_ms`, `execution`, `redirect_to`.

    Exit status: 0 nothing was loosened, 1 something was (or OLD or NEW has errors, on stderr), 2 usage.
    """
    from safeshell_compiler.diff import diff  # noqa: PLC0415 # `--help` need not wait for the compiler

    tables = [table_of(path) for path in (old, new)]
    if tables[0] is None or tables[1] is None:
        return 1
    found = diff(tables[0], tables[1])
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(found)), color=wants_colour(sys.stdout))
    return int(found.loosened)


def table_of(path: str) -> Table | None:
    """The table of a file, or None with the findings printed."""
    if _is_table(path):
        return Table(read_file(path), "")
    from safeshell_compiler import compile_rules  # noqa: PLC0415 # slow, and a table file needs none of it
    from safeshell_compiler.findings import render  # noqa: PLC0415 # as above

    compilation = compile_rules(path, kind_of(path, Home.find()))
    if compilation.table is None:
        errors = [finding for finding in compilation.findings if finding.severity == "error"]
        click.echo(render.human(errors, colour=wants_colour(sys.stderr)), err=True, nl=False, color=True)
        return None
    directory = path if os.path.isdir(path) else os.path.dirname(path)
    return Table(compilation.table, "" if directory == "." else directory.rstrip("/"))


def _is_table(path: str) -> bool:
    """Whether a file is LMDB's, by the magic number of its first page; a pipe is not opened, it could be read once."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as stream:
        return stream.read(20)[16:] == _LMDB_MAGIC


def _lines(found: Diff) -> Iterator[str]:
    for change in found.changes:
        yield from _block(change)
        yield ""
    yield _summary(found)


def _summary(found: Diff) -> str:
    if not found.changes:
        return "no rule differs"
    kinds = Counter(change.kind.value for change in found.changes)
    verdicts = Counter(change.verdict.value for change in found.changes)
    return "; ".join(", ".join(f"{counts[word]} {word}" for word in counts) for counts in (kinds, verdicts))


def _block(change: Change) -> Iterator[str]:
    sign, colour = _SIGNS[change.kind.value]
    head = click.style(f"{sign} {change.rule.name}", fg=colour, bold=True)
    verdict = click.style(change.verdict.value, fg=_COLOURS.get(change.verdict.value))
    yield f"{head}  {printable(change.rule.place)}  {verdict}"
    if change.kind.value != "changed":
        yield f"    {change.rule.action.word}: {change.rule.record['message']}"
    for field in change.fields:
        yield from _field(field)
    for witness in change.witnesses:
        yield from _witness(witness)
    if not change.witnesses:
        yield f"    {_WITHOUT[change.verdict.value]}"


def _field(field: Field) -> Iterator[str]:
    if field.name != "conditions":
        yield f"    {field.name}: {_value(field.old)} → {_value(field.new)}"
        return
    yield "    conditions:"
    for sign, rows in (("-", field.old), ("+", field.new)):
        yield from (f"      {sign} {row}" for row in rows)


def _value(value: Any) -> str:
    if value is None:
        return "none"
    return printable(" ".join(value) if isinstance(value, list) else str(value))


def _witness(witness: Witness) -> Iterator[str]:
    yield f"    {witness.direction.value}: {click.style(printable(witness.situation.line), bold=True)}"
    facts = list(_facts(witness.situation))
    if facts:
        yield f"      with {', '.join(facts)}"
    old, new = _decision(witness.old), _decision(witness.new)
    if witness.old.action == witness.new.action:
        old, new = (_details(decision) for decision in (witness.old, witness.new))
    yield f"      {old} → {new}"


def _facts(situation: Situation) -> Iterator[str]:
    """Traits of a situation that are not as they would be anyway."""
    if situation.directory != "/":
        yield f"directory {printable(situation.directory)}"
    if situation.branch is not None:
        yield f"branch {printable(situation.branch)}"
    elif situation.in_repo:
        yield "inside a repository"
    if situation.branch is not None and not situation.in_repo:
        yield "outside the work tree"
    yield from (printable(f"{name}={value!r}") for name, value in situation.env)
    yield from (printable(f"file {path}") for path in situation.files)
    if situation.ai:
        yield "context ai"
    yield from (printable(fact(key, value)) for key, value in situation.more)


def _decision(decision: Decision) -> str:
    word = click.style(decision.action.word, fg=_ACTIONS[decision.action])
    return f"{word} ({decision.rule})" if decision.rule else word


def _details(decision: Decision) -> str:
    """The decision with what sets it apart from another of the same action."""
    details = [printable(" ".join(decision.redirect_to)), decision.message]
    details.append(f"timeout {decision.timeout_ms} ms" if decision.timeout_ms else "")
    details.append(f"execution {decision.execution}" if decision.execution else "")
    return ", ".join([_decision(decision), *filter(None, details)])
