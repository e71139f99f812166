"""`safeshell diff`: what changed between two sets of rules."""

from __future__ import annotations

import json
import os
import sys

import click

from safeshell.cli.diff_lines import lines_of
from safeshell.cli.output import wants_colour
from safeshell.home.paths import Home
from safeshell.home.repository_rules import kind_of
from safeshell.policy.store.reading import read_file
from safeshell.policy.table import Table

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
    `decision`, `rule`, `source`, `message`, `timeout_ms`, `execution`, `approval`,
    `redirect_to`.

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
        click.echo("\n".join(lines_of(found)), color=wants_colour(sys.stdout))
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
