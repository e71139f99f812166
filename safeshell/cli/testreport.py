"""Report of `safeshell test`: for people as pytest prints it, for programs as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click
from safeshell_compiler import Finding
from safeshell_compiler.findings import render
from safeshell_compiler.rule_tests.failures import describe, shown
from safeshell_compiler.rule_tests.run import Outcome

from safeshell.cli.output import wants_colour
from safeshell.text import printable, width

WIDTH = 80
"""Columns, pytest's where it knows no terminal."""

UNTESTED = "SS313"
"""The finding about a rule that restricts and has no test."""


class Silent:
    """Says nothing: the JSON comes at the end."""

    def add(self, outcome: Outcome) -> None:
        """Says how a test went."""

    def finish(self, outcomes: Sequence[Outcome], findings: Sequence[Finding], seconds: float) -> None:
        """Says how all went."""


class Dots(Silent):
    """A line a file, a dot a test; on a terminal each shows at once."""

    def __init__(self, total: int) -> None:
        self._colour = wants_colour(sys.stdout)
        self._live = sys.stdout.isatty()
        self._total = total
        self._done = 0
        self._column = 0
        self._file = ""

    def add(self, outcome: Outcome) -> None:
        """Prints a dot or an F, after the file's name where that changes."""
        file = outcome.test.place.file
        if file != self._file:
            self._end_line()
            self._file = file
            self._put(f"{shown(file)} ", width(shown(file)) + 1)
        elif self._column >= WIDTH - len(" [100%]"):
            self._end_line()
        self._put(self._paint("F", "red") if outcome.failure else self._paint(".", "green"), 1)
        self._done += 1

    def finish(self, outcomes: Sequence[Outcome], findings: Sequence[Finding], seconds: float) -> None:
        """Prints each failure and the summary."""
        self._end_line()
        failed = [outcome for outcome in outcomes if outcome.failure is not None]
        if failed:
            self._line(_ruled("FAILURES", "="))
        for outcome in failed:
            self._line(self._paint(_ruled(f"{outcome.test.rule} {outcome.test.name}", "_"), "red"))
            self._line(describe(outcome))
        summary = _summary(len(outcomes), len(failed), len(_untested(findings)), seconds)
        self._line(self._paint(summary, "red" if failed else "green"))

    def _share(self) -> str:
        return f"[{100 * self._done // self._total:3}%]"

    def _end_line(self) -> None:
        if self._column:
            self._line(self._share().rjust(max(WIDTH - self._column, len(" [100%]"))))
            self._column = 0

    def _put(self, text: str, width: int) -> None:
        sys.stdout.write(text)
        if self._live:
            sys.stdout.flush()
        self._column += width

    def _line(self, text: str) -> None:
        click.echo(text, color=self._colour)

    def _paint(self, text: str, colour: str) -> str:
        return click.style(text, fg=colour) if self._colour else text


class Verbose(Dots):
    """A line a test."""

    def add(self, outcome: Outcome) -> None:
        """Prints where the test stands, what it runs and how it went."""
        self._done += 1
        test = outcome.test
        word = self._paint("FAILED", "red") if outcome.failure else self._paint("PASSED", "green")
        place = f"{shown(test.place.file)}:{test.place.line}"
        self._line(f"{place}  {test.rule} {test.name}  {printable(test.case.shown)}  {word} {self._share()}")


def as_json(outcomes: Sequence[Outcome], findings: Sequence[Finding], seconds: float) -> str:
    """The object that `safeshell test --help` describes."""
    failed = sum(outcome.failure is not None for outcome in outcomes)
    made = {
        "tests": [_test(outcome) for outcome in outcomes],
        "passed": len(outcomes) - failed,
        "failed": failed,
        "untested": _untested(findings),
        "findings": json.loads(render.as_json(findings)),
        "duration_s": round(seconds, 6),
    }
    return json.dumps(made)


def _test(outcome: Outcome) -> dict[str, Any]:
    test, failure = outcome.test, outcome.failure
    made: dict[str, Any] = {
        "rule": test.rule,
        "name": test.name,
        "command": test.case.shown,
        "file": test.place.file,
        "line": test.place.line,
        "expects": test.expects,
        "passed": failure is None,
        "duration_us": round(outcome.seconds * 1e6),
    }
    if failure is not None:
        made |= {"reason": failure.reason, "explain": failure.explanation.to_json()}
    return made


def _untested(findings: Sequence[Finding]) -> list[str]:
    return [finding.rule for finding in findings if finding.code == UNTESTED]


def _ruled(title: str, line: str) -> str:
    return f" {title} ".center(WIDTH, line)


def _summary(total: int, failed: int, untested: int, seconds: float) -> str:
    counts = [f"{failed} failed"] if failed else []
    counts += [f"{total - failed} passed"] if total > failed else []
    counts += ["no tests ran"] if not total else []
    counts += [f"{untested} {'rule' if untested == 1 else 'rules'} without a test"] if untested else []
    return _ruled(f"{', '.join(counts)} in {seconds:.2f}s", "=")
