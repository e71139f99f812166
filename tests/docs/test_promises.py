"""Every promise on the page has tests of its name, and what tests the threat model links to are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from codeblocks import ROOT

ROWS = re.findall(r"^\| ([SU]\d+) \|", (ROOT / "docs/promises.md").read_text(encoding="utf-8"), re.MULTILINE)


def names_of_tests() -> dict[str, set[Path]]:
    found: dict[str, set[Path]] = {}
    for path in (ROOT / "tests").rglob("*.py"):
        for name in re.findall(r"^ *(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            found.setdefault(name, set()).add(path.relative_to(ROOT))
    return found


TESTS = names_of_tests()


@pytest.mark.parametrize("row", ROWS)
def test_a_promise_has_its_tests(row: str) -> None:
    assert any(f"_{row.lower()}_" in name for name in TESTS)


def test_no_test_is_named_after_a_promise_that_is_not_there() -> None:
    named = {
        row for name in TESTS for row in re.findall(r"(?<=_)([su]\d+)(?=_)", name) if name.startswith(f"test_{row}_")
    }
    assert named <= {row.lower() for row in ROWS}


def test_the_threat_model_names_tests_that_are_there() -> None:
    text = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/.]+\.py)::(test_\w+)`", text)
    assert len(named) > 20  # or the pattern finds nothing
    for path, name in named:
        assert Path(path) in TESTS.get(name, ()), f"{path}::{name}"
