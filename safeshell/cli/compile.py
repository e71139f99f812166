"""`safeshell compile`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from safeshell.cli.output import wants_colour
from safeshell.errors import SafeShellError
from safeshell.paths import Home
from safeshell.repositories import find_rules

if TYPE_CHECKING:
    from safeshell_compiler.publish import Compiled

    from safeshell.rules import Kind


@click.command("compile")
@click.argument("rules", nargs=-1, type=click.Path())
@click.option("-o", "--output", type=click.Path(), help="Write the table to a file of its own.")
@click.option("--check", is_flag=True, help="Write nothing.")
@click.option("--dump", is_flag=True, help="Print the table as text.")
@click.option("--strict", is_flag=True, help="Warnings are errors.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["human", "json", "sarif", "github"]),
    default="human",
    help="How findings are printed.",
)
def command(rules: tuple[str, ...], output: str | None, check: bool, dump: bool, strict: bool, style: str) -> int:
    """Compile rules to a decision table and put it in force.

    Without RULES: the user's, and inside a repository its rules too. RULES (files or directories) are only checked
    and their digests shown; with -o one of them is written to a file. Below a `.safeshell` that is not your own home
    they are a repository's, which may only tighten.

    Exit status: 0 clean, 1 an error (with --strict: or a warning).
    """
    from safeshell_compiler import dump as dump_table  # noqa: PLC0415 # `--help` need not wait for the compiler
    from safeshell_compiler import render  # noqa: PLC0415 # as above
    from safeshell_compiler.publish import compile_home, compile_repository, publish  # noqa: PLC0415 # as above

    home = Home.find()
    compiled: list[Compiled] = []
    if rules:
        if output and len(rules) > 1:
            raise click.UsageError("-o takes one RULES")
        compiled = [_compile_given(path, home) for path in rules]
    else:
        if not os.path.lexists(home.rules):
            raise SafeShellError(f"{home.rules} does not exist", hint="run `safeshell init`")
        home.check()
        compiled = [compile_home(home, lint=True)]
        repository = find_rules(os.fsencode(os.getcwd()), os.fsencode(home.root))
        if repository is not None:
            compiled.append(compile_repository(os.fsdecode(repository), lint=True))
    findings = [finding for one in compiled for finding in one.findings]
    failed = any(finding.severity == "error" or strict for finding in findings)
    # Data goes to stdout: for people that is the table's digest, for programs the findings.
    machine = style != "human"
    if style == "human":
        text = render.human(findings, colour=wants_colour(sys.stderr))
    else:
        text = {"json": render.as_json, "github": render.github, "sarif": render.sarif}[style](findings)
    click.echo(text, err=not machine, nl=False, color=True)
    if failed:
        return 1
    layers = [layer for one in compiled for layer in one.layers]
    for path, compilation in layers:
        assert compilation.table is not None
        assert compilation.digest is not None
        if dump:
            click.echo(dump_table(compilation.table), nl=False)
        elif not machine:
            click.echo(f"{compilation.digest}  {path}")
    if check:
        return 0
    if output:
        from safeshell import store  # noqa: PLC0415 # as above

        (path, compilation) = layers[-1]
        assert compilation.table is not None
        assert compilation.digest is not None
        store.write_file(output, compilation.digest, compilation.table)
    elif not rules:
        publish(home, *compiled)
    return 0


def _compile_given(path: str, home: Home) -> Compiled:
    from safeshell_compiler import compile_rules  # noqa: PLC0415 # as above
    from safeshell_compiler.publish import Compiled  # noqa: PLC0415 # as above

    compilation = compile_rules(path, kind_of(path, home), lint=True)
    return Compiled(((path, compilation),), None, compilation.findings, {})


def kind_of(path: str, home: Home) -> Kind:
    """Whose rules a given file or directory holds: a repository's below a `.safeshell` that is not the home's own.

    So that what is checked before it is committed is held to what it will be held to in force.
    """
    directory = os.path.dirname(os.path.abspath(path))
    while not _same(directory, home.root):
        if os.path.basename(directory) == ".safeshell":
            return "repository"
        parent = os.path.dirname(directory)
        if parent == directory:
            break
        directory = parent
    return "user"


def _same(left: str, right: str) -> bool:
    try:
        return os.path.samefile(left, right)
    except OSError:
        return False
