"""Edits held against what is in force: the files that differ, and packs that come with another installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from safeshell_compiler import compile_rules
from safeshell_compiler.edits import CONFIRMED, NOBODY, SEEN, UNSEEN, InForce, describe, waits

from safeshell.home.agents_seen import agent_seen, begin_without_agents, note_agent
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.policy.store.records import Current

PACK = """\
version: 1
rules:
  - {name: no-ls, commands: [ls, dir], action: deny, message: Quiet.}
  - {name: no-ps, commands: [ps], action: deny, message: Quiet.}
  - {name: bin, commands: [mv], action: redirect, redirect_to: bin, message: Binned.}
"""
UPGRADED = """\
version: 1
rules:
  - {name: no-ls, commands: [ls], context: ai_only, action: require_approval, message: Ask.}
  - {name: bin, commands: [mv], action: redirect, redirect_to: other-bin, message: Binned.}
"""


class Place:
    """A rules file that may include a pack."""

    def __init__(self, directory: Path) -> None:
        self.rules, self.pack = directory / "rules.yaml", directory / "packs" / "p.yaml"
        self.pack.parent.mkdir()
        self.pack.write_text(PACK)
        self.before: InForce | None = None

    def edit(self, rules: str, before: Settings | None = None, after: Settings | None = None) -> dict[str, Any] | None:
        """What it changes to say this, against what it said last."""
        self.rules.write_text(f"version: 1\n{rules}\n")
        made = compile_rules(str(self.rules), packs=str(self.pack.parent))
        assert made.table is not None, made.findings
        assert made.digest is not None
        record = {} if before is None else {**before.to_json(), "config": "1" * 64}
        found = None
        if self.before is not None:
            config = ("/c/config.yaml", None if after is None else "2" * 64)
            found = describe(self.before._replace(settings=record), made, after, config)
        self.before = InForce(Current(made.digest, str(self.rules.parent), {}), made.table, record)
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_u14_a_pack_of_another_version_is_no_edit_of_the_users(place: Place) -> None:
    assert place.edit("include: [pack:p]") is None
    place.pack.write_text(UPGRADED)
    found = place.edit("include: [pack:p]")
    assert found is not None
    assert [file["path"] for file in found["files"]] == ["pack:p"]
    assert (found["changed"], found["removed"]) == (["no-ls", "bin"], ["no-ps"])
    assert "loosens" not in found


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ("include: [pack:p]\noverrides: [{name: no-ls, disabled: true}]", "no-ls: gone"),
        ("include: [pack:p]\noverrides: [{name: no-ls, unless: [{path_matches: ^/tmp/}]}]", "no-ls: "),
        ("include: [pack:p]\noverrides: [{name: no-ls, context: human_only}]", "no-ls: "),
        ("rules: []", "no-ls: gone"),
    ],
)
@pytest.mark.parametrize("upgraded", [False, True])
def test_u14_what_the_user_does_to_its_rules_is(rules: str, reason: str, upgraded: bool, place: Place) -> None:
    place.edit("include: [pack:p]")
    if upgraded:
        place.pack.write_text(UPGRADED)
    found = place.edit(rules)
    assert found is not None
    assert reason in "\n".join(found["loosens"])


def test_u14_files_that_differ_are_named_with_their_digests(place: Place) -> None:
    place.edit("rules: []", Settings(), Settings())
    found = place.edit("rules: []", Settings(), Settings(audit_all=True))
    assert found == {
        "files": [{"path": "/c/config.yaml", "old": "1" * 64, "new": "2" * 64}],
        "settings": ["audit_all"],
    }
    found = place.edit("# more\nrules: []", Settings(), Settings())
    assert found is not None
    assert [file["path"] for file in found["files"]] == ["/c/config.yaml", str(place.rules)]
    assert place.edit("# more\nrules: []") is None


def test_u14_who_is_waited_for_hangs_on_agents_and_on_what_was_confirmed(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    assert agent_seen(home), "where nothing is known one may have run"
    for guard, held in (
        (SEEN, True),
        (NOBODY, True),
        (UNSEEN, False),
        ("", True),
        (f"{CONFIRMED}abc", False),
        (f"{CONFIRMED}x", True),
    ):
        assert waits(home, guard, "abc") is held, guard
    begin_without_agents(home)
    assert not waits(home, "", "abc")
    note_agent(home)
    note_agent(home)
    assert waits(home, "", "abc")
