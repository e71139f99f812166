"""docs/audit.md names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from safeshell.audit import verify
from safeshell.audit.secret_arguments import ARGUMENT
from safeshell.audit.secrets import KNOWN

TEXT = (Path(__file__).parents[2] / "docs/audit.md").read_text(encoding="utf-8")

NAMES = {ARGUMENT, *(rule.name for rule in KNOWN)}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_kind_of_secret_is_named(name: str) -> None:
    assert f"`{name}`" in TEXT


def test_no_other_kind_of_secret_is_named() -> None:
    section = TEXT[TEXT.index("- by their own shape") : TEXT.index("What is found in one place")]
    named = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)*)`", section))
    assert named == NAMES


@pytest.mark.parametrize("kind", get_args(verify.Kind))
def test_every_finding_of_verify_is_named(kind: str) -> None:
    assert f"`{kind}`" in TEXT
