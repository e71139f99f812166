"""A directory to write rules in, and a compiler that tells findings by code."""

from __future__ import annotations

from pathlib import Path

import pytest
from rulecases import Compile
from safeshell_compiler import Compilation, compile_rules
from safeshell_compiler.reading.rule_model import Kind


@pytest.fixture
def compile_text(tmp_path: Path) -> Compile:
    """Compiles a text as rules.yaml, with other files beside it as keywords (`team="…"` is team.yaml)."""

    def run(text: str, *, kind: Kind = "user", **others: str) -> Compilation:
        for name, content in others.items():
            (tmp_path / f"{name}.yaml").write_text(content, encoding="utf-8")
        path = tmp_path / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return compile_rules(str(path), kind)

    return run
