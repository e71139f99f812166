"""The jobs for GitHub are YAML, call what the Makefile has, and check each night what hangs on the outside world."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
OUTSIDE = {"test-newest", "test-oldest", "test-pythons", "test-slow", "audit"}


def commands(path: Path) -> list[str]:
    """What a workflow runs, its matrix filled in."""
    found = []
    for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
        targets = job.get("strategy", {}).get("matrix", {}).get("target", [""])
        for step in job["steps"]:
            found += [step["run"].replace("${{ matrix.target }}", target) for target in targets if "run" in step]
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_they_run_what_is_there(path: Path) -> None:
    for command in commands(path):
        words = command.split()
        if words[0] == "make":
            assert words[1] in TARGETS
        else:
            assert (ROOT / words[-1]).is_file()


def test_what_changes_outside_is_looked_at_every_night() -> None:
    nightly = next(path for path in WORKFLOWS if path.stem == "nightly")
    assert {command.split()[1] for command in commands(nightly)} >= OUTSIDE
    assert "schedule" in yaml.safe_load(nightly.read_text(encoding="utf-8"))[True]  # YAML 1.1 reads `on` so
