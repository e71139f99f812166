"""The compiler: rules in YAML to a decision table. It imports the rule model and nothing of the daemon.

Names are imported when they are asked for: to draw findings nobody need wait for the rule model.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safeshell_compiler.findings.codes import CODES, Code
    from safeshell_compiler.findings.report import Finding
    from safeshell_compiler.pipeline import PACKS, STAGES, Compilation, compile_rules
    from safeshell_compiler.reading.sources import Source
    from safeshell_compiler.stages.resolve import PolicyRule, ResolvedPolicy

__all__ = [
    "CODES",
    "PACKS",
    "STAGES",
    "Code",
    "Compilation",
    "Finding",
    "PolicyRule",
    "ResolvedPolicy",
    "Source",
    "compile_rules",
]

_MODULES = {
    "CODES": "findings.codes",
    "Code": "findings.codes",
    "Finding": "findings.report",
    "PACKS": "pipeline",
    "STAGES": "pipeline",
    "Compilation": "pipeline",
    "compile_rules": "pipeline",
    "ResolvedPolicy": "stages.resolve",
    "PolicyRule": "stages.resolve",
    "Source": "reading.sources",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value
