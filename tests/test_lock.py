"""The lock: a version, with hashes, of everything that pyproject.toml asks for; nothing of where it was made."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED_FOR = sorted(
    {
        *PROJECT["build-system"]["requires"],
        *PROJECT["project"]["dependencies"],
        *(line for extra in PROJECT["project"]["optional-dependencies"].values() for line in extra),
    }
)
OWN = PROJECT["project"]["name"]
ENTRIES = re.findall(
    r"^([a-z0-9-]+)==(\S+)( ;[^\\\n]*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)((?:    #.*\n)+)",
    (ROOT / "requirements.txt").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize("line", ASKED_FOR)
def test_what_is_asked_for_is_locked(line: str) -> None:
    asked = Requirement(line)
    if asked.name == OWN:
        return
    versions = [version for name, version, *_ in ENTRIES if name == canonicalize_name(asked.name)]
    assert versions, "run `make lock`"
    assert all(version in asked.specifier for version in versions), "run `make lock`"


def test_it_holds_versions_and_hashes_and_nothing_else() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    held = [line for line in lines if not line.startswith("#")]
    assert len(held) == sum(1 + hashes.count("\n") + why.count("\n") for _, _, _, hashes, why in ENTRIES)
    assert not [line for line in lines if "://" in line or "-index" in line or "file:" in line]
