"""What a compilation has to say about the sources: a code and a place each. Worded in `codes`, drawn by `render`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from safeshell_compiler.findings.codes import CODES, Severity


@dataclass(frozen=True, slots=True, order=True)
class FindingPlace:
    """A place in a source.

    Attributes:
        file: absolute path.
        line: from 1.
        column: from 1, in characters.
    """

    file: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth a look.

    Attributes:
        code: stable, a key of `codes.CODES`.
        severity: `error` or `warning`.
        message: what is wrong, one line.
        file: absolute path.
        line: from 1.
        column: from 1, in characters.
        rule: the rule's name, or "".
        hint: what mends it, or "".
    """

    code: str
    severity: Severity
    message: str
    file: str
    line: int
    column: int
    rule: str = ""
    hint: str = ""


class Report:
    """Collects findings over all stages, so that one run shows every error.

    Attributes:
        errors: how many times an error was reported.
    """

    __slots__ = ("_findings", "errors")

    def __init__(self) -> None:
        self.errors = 0
        self._findings: dict[Finding, None] = {}  # an aliased value is met twice, its finding is one

    def add(self, code: str, place: FindingPlace, rule: str = "", **values: Any) -> None:
        """Reports a finding; `values` fill the wording of its code."""
        row = CODES[code]
        finding = Finding(
            code,
            row.severity,
            row.message.format(**values),
            place.file,
            place.line,
            place.column,
            rule,
            row.hint.format(**values),
        )
        self._findings[finding] = None
        self.errors += row.severity == "error"

    def sorted(self) -> tuple[Finding, ...]:
        """All findings by place."""
        return sort_findings(self._findings)


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by file, line and column."""
    return tuple(sorted(findings, key=lambda f: (f.file, f.line, f.column, f.code, f.message)))


def suggest(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint naming the nearest known word."""
    import difflib  # noqa: PLC0415 # only for a mistake

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else otherwise
