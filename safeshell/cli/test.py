"""`safeshell test`: the rules' own tests."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from safeshell.cli.compile import compile_in_force, sources_in_force
from safeshell.cli.output import wants_colour, write_output
from safeshell.home.paths import Home
from safeshell.home.repository_rules import kind_of

if TYPE_CHECKING:
    from safeshell_compiler import Compilation, Finding


@click.command("test")
@click.argument("rules", nargs=-1, type=click.Path())
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False), help="Also write a JUnit XML report.")
@click.option("-v", "--verbose", is_flag=True, help="A line a test, in place of a dot.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, as above.")
def command(rules: tuple[str, ...], junit_file: str | None, verbose: bool, as_json: bool) -> int:
    """Run the rules' own `tests` against the compiled table, by the daemon's own evaluator. Nothing is published.

    Without RULES: the user's, and inside a repository its rules too; else these files or directories.

    --json prints an object: `tests` (each with `rule`, `name`, `command`, `file`, `line`, `expects`, `passed`,
    `duration_us`, and where it failed `reason` and `explain`, as `check --explain --json` has it for that rule),
    `passed`, `failed`, `untested` (rules that restrict and have no test), `findings` (as `compile --format json`) and
    `duration_s`.

    Exit status: 0 all passed, 1 a test failed or the rules do not compile.
    """
    from safeshell_compiler.findings import render  # noqa: PLC0415 # `--help` need not wait for the compiler
    from safeshell_compiler.rule_tests.junit import junit  # noqa: PLC0415 # as above
    from safeshell_compiler.rule_tests.run import collect, run  # noqa: PLC0415 # as above

    from safeshell.cli import testreport  # noqa: PLC0415 # as above

    findings, compilations = _compile(rules)
    if not as_json:
        click.echo(render.human(findings, colour=wants_colour(sys.stderr)), err=True, nl=False, color=True)
    broken = any(finding.severity == "error" for finding in findings)
    collected = [] if broken else [(compilation, collect(compilation)) for compilation in compilations]
    total = sum(len(tests) for _, tests in collected)
    quiet = as_json or broken
    report = testreport.Silent() if quiet else (testreport.Verbose if verbose else testreport.Dots)(total)
    outcomes = []
    started = time.perf_counter()
    for compilation, tests in collected:
        for outcome in run(compilation, tests):
            report.add(outcome)
            outcomes.append(outcome)
    seconds = time.perf_counter() - started
    report.finish(outcomes, findings, seconds)
    if as_json:
        click.echo(testreport.as_json(outcomes, findings, seconds))
    if junit_file is not None:
        write_output(junit_file, junit(outcomes, findings))
    return 1 if broken or any(outcome.failure for outcome in outcomes) else 0


def _compile(rules: tuple[str, ...]) -> tuple[list[Finding], list[Compilation]]:
    """The rules that are asked for, compiled, and all findings about them."""
    from safeshell_compiler import compile_rules  # noqa: PLC0415 # as above

    home = Home.find()
    if rules:
        given = [compile_rules(path, kind_of(path, home)) for path in rules]
        return [finding for one in given for finding in one.findings], given
    compiled = compile_in_force(home, sources_in_force(home), lint=False)
    return [finding for one in compiled for finding in one.findings], [one.compilation for one in compiled]
