"""Patterns that cost more than any rule is worth.

The measure is the size of RE2's program, which is what a repetition of a large class multiplies: a pattern is over
budget where RE2 can't compile it with `max_mem` at COST. That depends on the pattern alone, not on the machine.
"""

from __future__ import annotations

import re

import re2

from safeshell.policy.patterns import check, options
from safeshell_compiler.lint.view import View, leaves

COST = 1 << 20
"""Bytes: RE2 lets a program have a quarter of this, 16,384 instructions. Usual patterns have under 300."""

SHORT = 400
"""Characters up to which a pattern without counted repetitions can't be over budget, classes of Unicode included."""

_MULTIPLIES = re.compile(r"\{\d|\\[pP]")


def check_cost(view: View) -> None:
    """Reports patterns over budget, unless they do not compile at all."""
    limited = options()
    limited.max_mem = COST
    known: dict[str, bool] = {}
    for found in view.rules:
        source = found.rule.source
        for leaf in leaves(source):
            pattern = leaf.pattern
            if not pattern or leaf.literal:
                continue
            if len(pattern) <= SHORT and not _MULTIPLIES.search(pattern):
                continue
            if pattern not in known:
                known[pattern] = not _compiles(pattern, limited) and check(pattern) is None
            if known[pattern]:
                view.add("SS409", leaf.place, source, limit=COST >> 10)


def _compiles(pattern: str, limited: re2.Options) -> bool:
    try:
        re2.compile(pattern, limited)
    except re2.error:
        return False
    return True
