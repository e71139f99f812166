"""The compiler: rules in YAML to a decision table. It imports the rule model and nothing of the daemon."""

from safeshell_compiler.codes import CODES, Code
from safeshell_compiler.dump import dump
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
    "dump",
]
