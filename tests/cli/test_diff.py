"""`safeshell diff` as it is called: what it prints, how it ends."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest
from harness import SAFESHELL

OLD = """\
version: 1
rules:
  - name: no-force-push
    commands: [git]
    conditions:
      - command_matches: '\\s(--force|-f)(\\s|$)'
      - git_branch_in: [main]
    action: deny
    message: No.
  - {name: no-dd, commands: [dd], action: deny, message: No.}
  - {name: slow, commands: [make], action: allow, timeout: 3s, message: Built.}
"""

NEW = """\
version: 1
rules:
  - name: no-force-push
    commands: [git]
    conditions:
      - command_matches: '\\s--force(\\s|$)'
      - git_branch_in: [main]
    action: deny
    message: No.
  - {name: no-shred, commands: [shred], action: require_approval, message: Ask.}
  - {name: slow, commands: [make], action: allow, timeout: 5s, message: Built.}
"""

TEXT = """\
~ no-force-push  new.yaml:3  loosened
    conditions:
      - git_branch_in: [main]; command_matches: \\s(--force|-f)(\\s|$)
      + git_branch_in: [main]; command_matches: \\s--force(\\s|$)
    looser: git -f
      with branch main
      deny (no-force-push) → allow

+ no-shred  new.yaml:10  tightened
    require_approval: Ask.
    tighter: shred
      allow → require_approval (no-shred)

~ slow  new.yaml:11  changed
    timeout_ms: 3000 → 5000
    other: make
      allow (slow), Built., timeout 3000 ms → allow (slow), Built., timeout 5000 ms

- no-dd  old.yaml:10  loosened
    deny: No.
    looser: dd
      deny (no-dd) → allow

2 changed, 1 added, 1 removed; 2 loosened, 1 tightened, 1 changed
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A directory with both."""
    for name, text in (("old.yaml", OLD), ("new.yaml", NEW)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    return tmp_path


def _diff(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SAFESHELL, "diff", *arguments], cwd=directory, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_block_a_rule_and_a_summary(rules: Path) -> None:
    ended = _diff(rules, "old.yaml", "new.yaml")
    assert (ended.stdout, ended.stderr, ended.returncode) == (TEXT, "", 1)


def test_the_other_way_round_tightens_what_loosened(rules: Path) -> None:
    changes = json.loads(_diff(rules, "new.yaml", "old.yaml", "--json").stdout)["changes"]
    assert {change["rule"]: change["verdict"] for change in changes} == {
        "no-dd": "tightened",
        "no-force-push": "tightened",
        "no-shred": "loosened",
        "slow": "changed",
    }


def test_nothing_differs(rules: Path) -> None:
    ended = _diff(rules, "old.yaml", "old.yaml")
    assert (ended.stdout, ended.stderr, ended.returncode) == ("no rule differs\n", "", 0)


def test_a_tightening_ends_with_0(rules: Path) -> None:
    (rules / "more.yaml").write_text(OLD + "  - {name: no-rm, commands: [rm], action: deny, message: No.}\n")
    ended = _diff(rules, "old.yaml", "more.yaml")
    assert ended.stdout.endswith("1 added; 1 tightened\n")
    assert ended.returncode == 0


def test_json_is_one_object_with_the_documented_keys(rules: Path) -> None:
    ended = _diff(rules, "--json", "old.yaml", "new.yaml")
    assert ended.returncode == 1
    found = json.loads(ended.stdout)
    assert found["loosened"] is True
    change = found["changes"][0]
    assert change["old"] == {"action": "deny", "source": "old.yaml:3"}
    assert change["new"] == {"action": "deny", "source": "new.yaml:3"}
    assert [set(field) for field in change["fields"].values()] == [{"old", "new"}]
    (witness,) = change["witnesses"]
    decided = {"message": None, "timeout_ms": None, "execution": None, "approval": None, "redirect_to": None}
    assert witness == {
        "direction": "looser",
        "command": "git -f",
        "argv": ["git", "-f"],
        "cwd": "/",
        "branch": "main",
        "in_git_repo": True,
        "env": {},
        "files": [],
        "context": "human",
        "old": {**decided, "decision": "deny", "rule": "no-force-push", "source": "old.yaml:3", "message": "No."},
        "new": {**decided, "decision": "allow", "rule": None, "source": None},
    }


def test_tables_and_directories_are_taken_too(rules: Path) -> None:
    subprocess.run([SAFESHELL, "compile", "-o", "old.table", "old.yaml"], cwd=rules, check=True, capture_output=True)
    (rules / "rules.d").mkdir()
    (rules / "new.yaml").rename(rules / "rules.d" / "new.yaml")
    ended = _diff(rules, "old.table", "rules.d")
    assert ended.stdout == TEXT.replace("new.yaml", "rules.d/new.yaml")


def test_a_witness_is_what_check_decides(rules: Path) -> None:
    for name, status in (("old", 3), ("new", 0)):
        compiled = [SAFESHELL, "compile", "-o", f"{name}.table", f"{name}.yaml"]
        subprocess.run(compiled, cwd=rules, check=True, capture_output=True)
        checked = [SAFESHELL, "check", "--table", f"{name}.table", "--branch", "main", "--", "git", "-f"]
        assert subprocess.run(checked, cwd=rules, check=False, capture_output=True).returncode == status


@pytest.mark.parametrize("order", [("bad.yaml", "new.yaml"), ("new.yaml", "bad.yaml")])
def test_rules_with_errors_are_told_with_their_findings(rules: Path, order: tuple[str, str]) -> None:
    (rules / "bad.yaml").write_text("version: 1\nrules:\n  - {name: x, action: forbid, message: m}\n")
    ended = _diff(rules, *order)
    assert (ended.stdout, ended.returncode) == ("", 1)
    assert "bad.yaml:3:" in ended.stderr


@pytest.mark.parametrize("arguments", [(), ("old.yaml",), ("old.yaml", "nowhere.yaml"), ("old.yaml", "new.yaml", "x")])
def test_usage(rules: Path, arguments: tuple[str, ...]) -> None:
    ended = _diff(rules, *arguments)
    assert (ended.stdout, ended.returncode) == ("", 2)


def test_a_damaged_table_is_said_and_not_read(rules: Path) -> None:
    compiled = [SAFESHELL, "compile", "-o", "old.table", "old.yaml"]
    subprocess.run(compiled, cwd=rules, check=True, capture_output=True)
    os.truncate(rules / "old.table", 8192)
    ended = _diff(rules, "old.table", "new.yaml")
    assert (ended.stdout, ended.returncode) == ("", 1)
    assert ended.stderr.startswith("safeshell: old.table is cut short")


def test_colour_only_on_a_terminal_and_never_with_no_color(rules: Path) -> None:
    def shown(environment: dict[str, str]) -> bytes:
        reader, terminal = pty.openpty()
        subprocess.run(
            [SAFESHELL, "diff", "old.yaml", "new.yaml"],
            cwd=rules,
            stdout=terminal,
            stderr=subprocess.PIPE,
            env={**os.environ, "TERM": "xterm", **environment},
            timeout=60,
            check=False,
        )
        os.close(terminal)
        with os.fdopen(reader, "rb") as stream:
            return stream.read1(65536)

    assert b"\x1b[" in shown({"NO_COLOR": ""})
    assert b"\x1b[" not in shown({"NO_COLOR": "1"})
    assert "\x1b" not in _diff(rules, "old.yaml", "new.yaml").stdout


def test_what_is_shown_drives_no_terminal(rules: Path) -> None:
    (rules / "odd.yaml").write_text(
        'version: 1\nrules:\n  - {name: x, action: deny, message: "\\e[2J", '
        'conditions: [{command_contains: "\\e[2J"}, {env_equals: {variable: A, value: "\\e[2J"}}]}\n'
    )
    ended = _diff(rules, "old.yaml", "odd.yaml")
    assert "\x1b" not in ended.stdout
    assert "\\x1b[2J" in ended.stdout
