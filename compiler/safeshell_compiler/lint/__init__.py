"""Findings about meaning: rules that are well formed and still do not do what their author thinks.

Warnings all of them, so that none ever holds back a table. A check speaks only where it is certain: what a pattern
means is decided over its automaton within a budget, and beyond that nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable

from safeshell_compiler.findings.report import Report
from safeshell_compiler.lint.conditions import check_conditions
from safeshell_compiler.lint.cost import check_cost
from safeshell_compiler.lint.covering import check_covering
from safeshell_compiler.lint.dots import check_dots
from safeshell_compiler.lint.doubles import check_doubles
from safeshell_compiler.lint.redirects import check_redirects
from safeshell_compiler.lint.view import View
from safeshell_compiler.lint.visibility import check_visibility
from safeshell_compiler.stages.prune import Pruned

CHECKS: tuple[tuple[str, Callable[[View], None], tuple[str, ...]], ...] = (
    ("visibility", check_visibility, ("SS321",)),
    ("doubles", check_doubles, ("SS322",)),
    ("dots", check_dots, ("SS323",)),
    ("cost", check_cost, ("SS409",)),
    # The budget is shared, so those come first whose findings say more and cost less.
    ("conditions", check_conditions, ("SS324", "SS325", "SS326", "SS327", "SS328", "SS329", "SS330", "SS331")),
    ("redirects", check_redirects, ("SS332",)),
    ("covering", check_covering, ("SS333", "SS334")),
)
"""Each check with the codes that it reports."""


def check(pruned: Pruned, report: Report) -> None:
    """Looks at all rules."""
    view = View(pruned, report)
    for _, look, _ in CHECKS:
        look(view)
