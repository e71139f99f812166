"""Compilations of rules, and the rules' own tests as `safeshell test` runs them."""

from __future__ import annotations

from collections.abc import Callable

from safeshell_compiler import Compilation
from safeshell_compiler.rule_tests.run import collect, run

Compile = Callable[..., Compilation]
"""Compiles a text as rules.yaml (the fixture `compile_text`)."""


def failures(compilation: Compilation) -> list[str]:
    """The tests that the compiled table fails, a line each."""
    assert compilation.table is not None, compilation.findings
    return [
        f"{outcome.test.source.label}/{outcome.test.rule} {outcome.test.name} {outcome.test.case.command}: "
        f"{outcome.failure.reason}"
        for outcome in run(compilation, collect(compilation))
        if outcome.failure is not None
    ]
