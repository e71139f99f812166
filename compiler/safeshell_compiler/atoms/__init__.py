"""Kinds of conditions, as the compiler needs them: a module for each, with its one object, `KIND`.

The modules are found by being here; the other half of each is `safeshell.policy.atoms`.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from safeshell_compiler.condition_kind import ConditionKind

KINDS: dict[str, ConditionKind] = {
    kind.kind: kind
    for kind in sorted(
        [import_module(f"{__name__}.{module.name}").KIND for module in pkgutil.iter_modules(__path__)],
        key=lambda kind: kind.order,
    )
}
"""By the kind of their atoms, in the order of `order`."""

BY_CONDITION: dict[str, ConditionKind] = {name: kind for kind in KINDS.values() for name in kind.conditions}
"""By the names of their conditions, in the same order."""
