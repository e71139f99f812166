"""The compiler: rules in YAML to a decision table. It imports the rule model and nothing of the daemon.

Names are imported when they are asked for: to draw findings nobody need wait for the rule model.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safeshell_compiler.codes import CODES, Code
    from safeshell_compiler.findings import Finding
    from safeshell_compiler.pipeline import PACKS, STAGES, Compilation, compile_rules, compile_system
    from safeshell_compiler.resolve import Policy, PolicyRule
    from safeshell_compiler.sources import Source

__all__ = [
    "CODES",
    "PACKS",
    "STAGES",
    "Code",
    "Compilation",
    "Finding",
    "Policy",
    "PolicyRule",
    "Source",
    "compile_rules",
    "compile_system",
]

_MODULES = {
    "CODES": "codes",
    "Code": "codes",
    "Finding": "findings",
    "PACKS": "pipeline",
    "STAGES": "pipeline",
    "Compilation": "pipeline",
    "compile_rules": "pipeline",
    "compile_system": "pipeline",
    "Policy": "resolve",
    "PolicyRule": "resolve",
    "Source": "sources",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value
