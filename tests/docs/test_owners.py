"""What GitHub reads of us: owners of what is there, and forms that it can show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from codeblocks import ROOT

OWNERS = [
    line.split()
    for line in (ROOT / ".github/CODEOWNERS").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
FORMS = sorted(path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
ROOMS = [
    f"/{room.relative_to(ROOT)}/"
    for room in sorted((ROOT / "safeshell").iterdir())
    if room.is_dir() and not room.name.startswith("_") and any(room.glob("*.*"))
]


@pytest.mark.parametrize("line", OWNERS, ids=lambda line: line[0])
def test_owners_are_of_what_is_there(line: list[str]) -> None:
    path, *teams = line
    assert path == "*" or (ROOT / path.lstrip("/")).exists()
    assert (ROOT / path.lstrip("/")).is_dir() == path.endswith("/") or path == "*"
    assert teams
    assert all(re.fullmatch(r"@[a-z]+/[a-z]+", team) for team in teams)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_an_owner_of_its_own(room: str) -> None:
    assert [path for path, *_ in OWNERS if path == room]


def test_what_is_narrower_comes_later() -> None:
    paths = [path for path, *_ in OWNERS]
    for number, path in enumerate(paths):
        assert not [later for later in paths[number + 1 :] if path != later and path.startswith(later)]


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.name)
def test_an_issues_form_can_be_shown(form: Path) -> None:
    made = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert made["name"]
    assert made["description"]
    asked = [field for field in made["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in asked} <= {"textarea", "input", "dropdown", "checkboxes"}
    ids = [field["id"] for field in asked]
    assert len(set(ids)) == len(ids)
    assert all(field["attributes"]["label"] for field in asked)
    assert any(field.get("validations", {}).get("required") for field in asked)


def test_what_the_pull_request_asks_for_can_be_run() -> None:
    text = (ROOT / ".github/pull_request_template.md").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = re.findall(r"`make ([a-z-]+)`", text)
    assert named
    assert set(named) <= set(targets)
