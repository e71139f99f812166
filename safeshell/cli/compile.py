"""`safeshell compile`: rules checked, and put in force."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from safeshell.cli.output import progress, say, wants_colour
from safeshell.home.paths import Home
from safeshell.home.repository_rules import find_rules, kind_of

if TYPE_CHECKING:
    from safeshell_compiler.findings.report import Finding
    from safeshell_compiler.publish import Compiled


class _Said(NamedTuple):
    """Output about rules that are in force together.

    Attributes:
        findings: in the order to print.
        layers: each rules file with its table's digest; only without errors.
    """

    findings: Sequence[Finding]
    layers: Sequence[tuple[str, str]]


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
    home = Home.find()
    if rules:
        if output and len(rules) > 1:
            raise click.UsageError("-o writes one table: name one RULES")
        with progress("compiling", sys.stderr):
            compiled = [_compile_given(path, home) for path in rules]
    else:
        in_force = sources_in_force(home)
        if not output and not dump:
            said = _recall(home, in_force, check=check)
            if said is not None:
                return _report(said, style, strict=strict)
        with progress("compiling", sys.stderr):
            compiled = compile_in_force(home, in_force, lint=True)
    status = _report([_said(one) for one in compiled], style, strict=strict, dumped=compiled if dump else ())
    if status or check:
        return status
    if output:
        from safeshell.policy.store.writing import write_file  # noqa: PLC0415 # `--help` need not wait for it

        (_, compilation) = compiled[-1].layers[-1]
        assert compilation.table is not None
        assert compilation.digest is not None
        write_file(output, compilation.digest, compilation.table)
    elif not rules:
        from safeshell_compiler.publish import publish  # noqa: PLC0415 # as above

        publish(home, *compiled)
    return 0


def _report(said: Sequence[_Said], style: str, *, strict: bool, dumped: Sequence[Compiled] = ()) -> int:
    """Prints the findings, and without errors the digests or the tables; returns the exit status."""
    from safeshell_compiler.findings import render  # noqa: PLC0415 # as above

    findings = [finding for one in said for finding in one.findings]
    # Data goes to stdout: for people that is the table's digest, for programs the findings.
    machine = style != "human"
    if machine:
        text = {"json": render.as_json, "github": render.github, "sarif": render.sarif}[style](findings)
    else:
        text = render.human(findings, colour=wants_colour(sys.stderr))
    click.echo(text, err=not machine, nl=False, color=True)
    if any(finding.severity == "error" or strict for finding in findings):
        return 1
    for one in dumped:
        _dump(one)
    if not dumped and not machine:
        for path, digest in (layer for one in said for layer in one.layers):
            say(f"{digest}  {path}")
    return 0


def _dump(compiled: Compiled) -> None:
    from safeshell_compiler.dump import dump  # noqa: PLC0415 # as above

    for _, compilation in compiled.layers:
        assert compilation.table is not None
        click.echo(dump(compilation.table), nl=False)


def _said(compiled: Compiled) -> _Said:
    return _Said(
        compiled.findings,
        [(path, compilation.digest) for path, compilation in compiled.layers if compilation.digest is not None],
    )


def _recall(home: Home, in_force: Sequence[str], *, check: bool) -> list[_Said] | None:
    """Output when these rules were put in force, where compiling them again would say and do the same.

    None: compile them. What may have changed is looked at down to the contents, and where the tables would be
    written anew (not `check`) the files' times too: the daemon goes by them.
    """
    from safeshell_compiler.findings.report import Finding  # noqa: PLC0415 # as above

    from safeshell.errors import TableError  # noqa: PLC0415 # as above
    from safeshell.home import build_fingerprint  # noqa: PLC0415 # as above
    from safeshell.policy.store.reading import read_current  # noqa: PLC0415 # as above
    from safeshell.policy.store.records import signature  # noqa: PLC0415 # as above

    try:
        found, settings = read_current(home.tables, in_force)
    except TableError:
        return None
    made = []
    for rules in in_force:
        current = found[rules][0] if rules in found else None
        said = None if current is None else current.said
        if current is None or said is None:
            return None
        if said["circumstances"] != build_fingerprint.circumstances(rules):
            return None
        if not build_fingerprint.same(said["sources"]):
            return None
        if not check and any(signature(path) != state for path, state in current.watch.items()):
            return None
        layers = [(path, digest) for path, digest in said["layers"]]
        made.append(_Said([Finding(**finding) for finding in said["findings"]], layers))
    return made if check or _is_in_place(home, settings, made) else None


def _is_in_place(home: Home, settings: dict[str, object], said: Sequence[_Said]) -> bool:
    """Whether all else that `compile` writes is there: the other layers' tables, and the clients' file."""
    from safeshell.home.client_conf import client_conf  # noqa: PLC0415 # as above
    from safeshell.home.settings import Settings  # noqa: PLC0415 # as above
    from safeshell.policy.store.reading import read_current  # noqa: PLC0415 # as above

    layers = dict(layer for one in said for layer in one.layers)
    found = read_current(home.tables, layers)[0]
    if {path: current.digest for path, (current, _) in found.items()} != layers:
        return False
    try:
        with open(home.client_conf, "rb") as stream:
            return stream.read() == client_conf(Settings.from_json(settings))
    except OSError:
        return False


def sources_in_force(home: Home) -> list[str]:
    """The rules files in force here: the user's, and inside a repository its own.

    Raises:
        SafeShellError: there are no rules, or the home is not the user's own.
    """
    home.check_rules()
    home.check()
    repository = find_rules(os.fsencode(os.getcwd()), os.fsencode(home.root))
    return [home.rules] if repository is None else [home.rules, os.fsdecode(repository)]


def compile_in_force(home: Home, in_force: Sequence[str], *, lint: bool) -> list[Compiled]:
    """Compiles the files that `sources_in_force` names."""
    from safeshell_compiler.publish import compile_home, compile_repository  # noqa: PLC0415 # as above

    return [compile_home(home, lint=lint), *[compile_repository(rules, lint=lint) for rules in in_force[1:]]]


def _compile_given(path: str, home: Home) -> Compiled:
    from safeshell_compiler import compile_rules  # noqa: PLC0415 # as above
    from safeshell_compiler.publish import Compiled  # noqa: PLC0415 # as above

    compilation = compile_rules(path, kind_of(path, home), lint=True)
    return Compiled(((path, compilation),), None, compilation.findings, {})
