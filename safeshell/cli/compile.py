"""`safeshell compile`: rules checked, and put in force."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from safeshell.cli.output import progress, say, wants_colour
from safeshell.cli.person import require_person, takes_pin
from safeshell.cli.publishing import put_in_force
from safeshell.cli.shims import follow_rules
from safeshell.errors import SafeShellError
from safeshell.home.machine import is_published
from safeshell.home.paths import SYSTEM_RULES, SYSTEM_TABLES, Home, working_directory
from safeshell.home.repository_rules import find_rules, kind_of

if TYPE_CHECKING:
    from safeshell_compiler.findings.report import Finding
    from safeshell_compiler.publish import Compiled


class _Said(NamedTuple):
    """Output about a layer.

    Attributes:
        findings: in the order to print.
        rules: the rules file or directory.
        digest: its table's; only without errors.
    """

    findings: Sequence[Finding]
    rules: str
    digest: str | None


@click.command("compile")
@click.argument("rules", nargs=-1, type=click.Path())
@click.option("-o", "--output", type=click.Path(), help="Write the table to a file of its own.")
@click.option("--system", is_flag=True, help="The machine's rules, for everybody; root only.")
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
@takes_pin
def command(
    rules: tuple[str, ...],
    output: str | None,
    system: bool,
    check: bool,
    dump: bool,
    strict: bool,
    style: str,
    pin_stdin: bool,
) -> int:
    """Compile rules to a decision table and put it in force.

    Without RULES: the user's, and inside a repository its rules too. RULES (files or directories) are only checked
    and their digests shown; with -o one of them is written to a file. Below a `.safeshell` that is not your own home
    they are a repository's, which may only tighten.

    --system puts the machine's rules in force for everybody, running daemons included, by their next command; where
    their directory is gone, it takes back what was published, which takes a person.

    What loosens your own rules or settings, while an agent has run since they were put in force, takes a person: it is
    put in force at a terminal outside of every agent, else for the PIN.

    Exit status: 0 clean, 1 an error (with --strict: or a warning), 77 it takes a person.
    """
    if system:
        return _compile_system(rules, output, check=check, dump=dump, strict=strict, style=style, pin_stdin=pin_stdin)
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
    said = [_said(one) for one in compiled]
    status = _report(said, style, strict=strict, dumped=compiled if dump else (), digests=False)
    if not check:
        _write(home, compiled, output, status, strict=strict, published=not rules, pin_stdin=pin_stdin)
    if not status and not dump and style == "human":
        _say_digests(said)
    return status


def _write(
    home: Home,
    compiled: Sequence[Compiled],
    output: str | None,
    status: int,
    *,
    strict: bool,
    published: bool,
    pin_stdin: bool,
) -> None:
    """Writes what was compiled to a file of its own, or puts it in force."""
    good = [one for one in compiled if not _bars(one.findings, strict=strict)]
    if output:
        if status:
            return
        from safeshell.policy.store.writing import write_file  # noqa: PLC0415 # `--help` need not wait for it

        current, table = compiled[-1].current()
        write_file(output, current.digest, table)
    elif good and published:
        # Each layer by itself: what has errors keeps its last good table.
        put_in_force(home, *good, deed="safeshell compile", pin_stdin=pin_stdin)
        follow_rules(home)


def _compile_system(
    rules: tuple[str, ...], output: str | None, *, check: bool, dump: bool, strict: bool, style: str, pin_stdin: bool
) -> int:
    if rules or output:
        raise click.UsageError(f"--system compiles {SYSTEM_RULES} to {SYSTEM_TABLES}: it takes no RULES and no -o")
    if os.geteuid() and not check:
        raise SafeShellError(
            "only root puts the machine's rules in force", hint="--check looks at them and writes nothing"
        )
    if not os.path.lexists(SYSTEM_RULES):
        if check or not os.path.lexists(SYSTEM_TABLES):
            raise SafeShellError(f"{SYSTEM_RULES} does not exist", hint="make it, and put the machine's *.yaml there")
        require_person("safeshell compile --system", Home.find(), pin_stdin=pin_stdin)
        os.unlink(SYSTEM_TABLES)
        click.echo(f"{SYSTEM_RULES} is gone, and now what was published of it is, too", err=True)
        return 0
    from safeshell_compiler.publish import compile_machine, publish_machine  # noqa: PLC0415 # as below

    with progress("compiling", sys.stderr):
        compiled = compile_machine(lint=True)
    if compiled is None:
        raise SafeShellError(f"{SYSTEM_RULES} is no directory")
    status = _report([_said(compiled)], style, strict=strict, dumped=[compiled] if dump else ())
    if not check and not status:
        publish_machine(compiled)
        if style == "human":
            click.echo(f"published in {SYSTEM_TABLES}", err=True)
    return status


def _report(
    said: Sequence[_Said], style: str, *, strict: bool, dumped: Sequence[Compiled] = (), digests: bool = True
) -> int:
    """Prints the findings, and without errors the tables or the digests; returns the exit status."""
    from safeshell_compiler.findings import render  # noqa: PLC0415 # as above

    findings = [finding for one in said for finding in one.findings]
    # Data goes to stdout: for people that is the table's digest, for programs the findings.
    machine = style != "human"
    if machine:
        text = {"json": render.as_json, "github": render.github, "sarif": render.sarif}[style](findings)
    else:
        text = render.human(findings, colour=wants_colour(sys.stderr))
    click.echo(text, err=not machine, nl=False, color=True)
    if _bars(findings, strict=strict):
        return 1
    for one in dumped:
        _dump(one)
    if digests and not dumped and not machine:
        _say_digests(said)
    return 0


def _say_digests(said: Sequence[_Said]) -> None:
    for layer in said:
        say(f"{layer.digest}  {layer.rules}")


def _bars(findings: Sequence[Finding], *, strict: bool) -> bool:
    """Whether these keep a table from being put in force."""
    return any(finding.severity == "error" or strict for finding in findings)


def _dump(compiled: Compiled) -> None:
    from safeshell_compiler.dump import dump  # noqa: PLC0415 # as above

    click.echo(dump(compiled.current()[1]), nl=False)


def _said(compiled: Compiled) -> _Said:
    return _Said(compiled.findings, compiled.rules, compiled.compilation.digest)


def _recall(home: Home, in_force: Sequence[str], *, check: bool) -> list[_Said] | None:
    """Output when these rules were put in force, where compiling them again would say and do the same.

    None: compile them. What may have changed is looked at down to the contents, and where the tables would be
    written anew (not `check`) the files' times too: the daemon goes by them.
    """
    from safeshell_compiler.findings.report import Finding  # noqa: PLC0415 # as above

    from safeshell.errors import TableError  # noqa: PLC0415 # as above
    from safeshell.home import build_fingerprint  # noqa: PLC0415 # as above
    from safeshell.policy.store.reading import read_current  # noqa: PLC0415 # as above

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
        if not check and not current.is_unchanged():
            return None
        made.append(_Said([Finding(**finding) for finding in said["findings"]], rules, current.digest))
    return made if check or _client_conf_is_in_place(home, settings) else None


def _client_conf_is_in_place(home: Home, settings: dict[str, object]) -> bool:
    """Whether the clients' file is as `compile` would write it."""
    from safeshell.home.client_conf import client_conf  # noqa: PLC0415 # as above
    from safeshell.home.settings import Settings  # noqa: PLC0415 # as above

    try:
        with open(home.client_conf, "rb") as stream:
            return stream.read() == client_conf(Settings.from_json(settings))
    except OSError:
        return False


def sources_in_force(home: Home) -> list[str]:
    """The rules files to compile here: the machine's unless root has, the user's, and inside a repository its own.

    Raises:
        SafeShellError: there are no rules, or the home is not the user's own.
    """
    home.check_rules()
    home.check()
    machine = [SYSTEM_RULES] if os.path.isdir(SYSTEM_RULES) and not is_published(SYSTEM_RULES) else []
    directory = working_directory()
    repository = find_rules(os.fsencode(directory), os.fsencode(home.root)) if directory else ()
    return [*machine, home.rules, *map(os.fsdecode, repository)]


def compile_in_force(home: Home, in_force: Sequence[str], *, lint: bool) -> list[Compiled]:
    """Compiles the files that `sources_in_force` names, a layer each."""
    from safeshell_compiler.publish import compile_home, compile_machine, compile_repository  # noqa: PLC0415 # as above

    compiled = []
    for rules in in_force:
        if rules == home.rules:
            compiled.append(compile_home(home, lint=lint))
        elif rules != SYSTEM_RULES:
            compiled.append(compile_repository(rules, lint=lint))
        elif (machine := compile_machine(lint=lint)) is not None:
            compiled.append(machine)
    return compiled


def _compile_given(path: str, home: Home) -> Compiled:
    from safeshell_compiler import compile_rules  # noqa: PLC0415 # as above
    from safeshell_compiler.publish import Compiled  # noqa: PLC0415 # as above

    compilation = compile_rules(path, kind_of(path, home), lint=True)
    return Compiled(path, compilation, None, compilation.findings, {})
