"""Findings as text for people, as JSON, as GitHub annotations and as SARIF 2.1.0."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import safeshell
from safeshell.home.paths import working_directory
from safeshell.text import printable, width
from safeshell_compiler.findings.codes import CODES
from safeshell_compiler.findings.report import Finding

WIDTH = 120
"""Characters of a source line that are shown around a place."""

_COLOURS = {"error": "31", "warning": "33", "hint": "36", "bold": "1"}


def human(findings: Sequence[Finding], *, colour: bool = False, directory: str | None = None) -> str:
    """One paragraph a finding: place, code, message, the source line with a caret, the hint.

    Args:
        findings: in the order to show.
        colour: whether to use ANSI colours.
        directory: paths below it are shown relative to it; the working directory where None.
    """
    base = _base(directory)
    lines = _Lines()
    return "".join(_paragraph(finding, lines, colour, base) for finding in findings)


def as_json(findings: Sequence[Finding]) -> str:
    """An array of objects with the contract's keys."""
    keys = ("code", "severity", "message", "file", "line", "column", "rule", "hint")
    return json.dumps([{key: getattr(finding, key) for key in keys} for finding in findings], indent=2) + "\n"


def github(findings: Sequence[Finding], *, directory: str | None = None) -> str:
    """Workflow commands that annotate a pull request."""
    base = _base(directory)
    return "".join(_annotation(finding, base) for finding in findings)


def sarif(findings: Sequence[Finding], *, directory: str | None = None) -> str:
    """A SARIF 2.1.0 log."""
    base = _base(directory)
    used = sorted({finding.code for finding in findings})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": CODES[code].summary},
            "defaultConfiguration": {"level": CODES[code].severity},
        }
        for code in used
    ]
    driver = {"name": "safeshell", "version": safeshell.__version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, used.index(finding.code), base) for finding in findings],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


class _Lines:
    """Source lines, each file read once and only where a finding stands in it."""

    def __init__(self) -> None:
        self._files: dict[str, list[str]] = {}

    def get(self, file: str, line: int) -> str:
        if file not in self._files:
            self._files[file] = self._read(file)
        lines = self._files[file]
        return lines[line - 1] if line <= len(lines) else ""

    @staticmethod
    def _read(file: str) -> list[str]:
        if not os.path.isfile(file):
            return []
        try:
            with open(file, encoding="utf-8", errors="replace", newline="") as opened:
                return opened.read(32 << 20).removeprefix("\ufeff").splitlines()
        except OSError:
            return []


def _paragraph(finding: Finding, lines: _Lines, colour: bool, base: str) -> str:
    def paint(text: str, name: str) -> str:
        return f"\x1b[{_COLOURS[name]}m{text}\x1b[0m" if colour else text

    place = f"{_shown(finding.file, base)}:{finding.line}:{finding.column}"
    head = f"{paint(place, 'bold')}: {paint(finding.severity, finding.severity)} {finding.code}: "
    text = head + printable(finding.message) + "\n"
    drawn = _caret(lines.get(finding.file, finding.line), finding.column)
    if drawn:
        source, caret = drawn
        gutter = f"{finding.line:5} | "
        text += f"{gutter}{source}\n{' ' * (len(gutter) - 2)}| {paint(caret, finding.severity)}\n"
    if finding.hint:
        text += f"      {paint('hint:', 'hint')} {printable(finding.hint)}\n"
    return text


def _caret(line: str, column: int) -> tuple[str, str] | None:
    """A piece of the line around the column and a line with a caret under it."""
    if not line.strip():
        return None
    start = max(0, column - 1 - WIDTH // 2) if len(line) > WIDTH else 0
    piece = line[start : start + WIDTH]
    before = printable(piece[: column - 1 - start].replace("\t", " "))
    source = printable(piece.replace("\t", " "))
    return source, " " * width(before) + "^"


def _shown(file: str, base: str) -> str:
    return printable(_relative(file, base))


def _base(directory: str | None) -> str:
    """The directory that paths are shown relative to; nothing is below one that was removed."""
    return working_directory() or "\0" if directory is None else directory


def _relative(file: str, base: str) -> str:
    inside = file.startswith(base.rstrip("/") + "/")
    return os.path.relpath(file, base) if inside else file


def _annotation(finding: Finding, base: str) -> str:
    def escape(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    def attribute(text: str) -> str:
        return escape(text).replace(":", "%3A").replace(",", "%2C")

    place = f"file={attribute(_shown(finding.file, base))},line={finding.line},col={finding.column}"
    text = f"{finding.message} ({finding.hint})" if finding.hint else finding.message
    return f"::{finding.severity} {place},title={finding.code}::{escape(printable(text))}\n"


def _result(finding: Finding, index: int, base: str) -> dict[str, Any]:
    region = {"startLine": finding.line, "startColumn": finding.column}
    uri = _uri(finding.file, base)
    text = f"{finding.message}. {finding.hint}" if finding.hint else finding.message
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": printable(text)},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}],
    }


def _uri(file: str, base: str) -> str:
    """A relative reference below the base, else an absolute file URI."""
    from urllib.parse import quote  # noqa: PLC0415 - only SARIF needs it

    relative = _relative(file, base)
    return ("file://" if relative.startswith("/") else "") + quote(os.fsencode(relative))
