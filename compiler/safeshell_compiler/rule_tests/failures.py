"""A failed rule test in words: where it stands, what it stated, what was read, and what each condition came to."""

from __future__ import annotations

from safeshell.home.paths import working_directory
from safeshell.policy.atoms import fact
from safeshell.policy.explain import candidate_text
from safeshell.text import columns, printable
from safeshell_compiler.atoms import KINDS
from safeshell_compiler.rule_tests.run import Outcome, RuleTest

ROWS_SHOWN = 10
"""Rows of a rule that are listed; a rule can have thousands."""


def describe(outcome: Outcome) -> str:
    """Several lines about a test that failed."""
    test, failure = outcome.test, outcome.failure
    assert failure is not None
    facts = ", ".join(failure.explanation.facts)
    rows = [
        ("command" if test.case.command else "files", test.case.shown),
        ("subject", failure.explanation.subject),
        ("stated", _stated(test)),
        ("facts", facts or "none needed but the command line"),
    ]
    text = f"{shown(test.place.file)}:{test.place.line}: {printable(failure.reason)}\n\n{columns(rows)}"
    listed = failure.telling[:ROWS_SHOWN]
    text += "".join(f"\n{candidate_text(candidate)}" for candidate in listed)
    more = len(failure.telling) - len(listed)
    return f"{text}\n… and {more} more rows; --json lists them\n" if more else text


def shown(file: str) -> str:
    """A path as people and CI systems want it: relative to the working directory where it lies below."""
    return printable(file.removeprefix((working_directory() or "\0").rstrip("/") + "/"))


def _stated(test: RuleTest) -> str:
    """The situation of a test, its defaults included."""
    case = test.case
    parts = [f"cwd {case.cwd}", f"branch {case.branch}" if case.branch is not None else "no repository"]
    parts += [f"{name}={value}" for name, value in case.env.items()]
    parts += [f"file {path}" for path in case.files]
    stated = [item for kind in KINDS.values() for item in kind.given(case).items()]
    parts += [fact(key, value) for key, value in stated if key != ("ai",)]
    return ", ".join([*parts, f"context {test.context}"])
