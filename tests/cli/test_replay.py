"""`safeshell replay` as it is called."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest
from audit.outcomes import outcome, table
from harness import SAFESHELL, Cli, environment, write

from safeshell.audit import record
from safeshell.audit.log import AuditLog
from safeshell.home.paths import Home

NEW = """\
version: 1
rules:
  - {name: ask-to-touch, commands: [touch], action: require_approval, message: Ask first.}
  - {name: no-cat, commands: [cat], conditions: [{git_branch_in: [main]}], action: deny, message: No.}
  - {name: no-ls, commands: [ls], action: deny, message: No.}
"""

TEXT = """\
no-rm-of-precious  deny → allow  2  loosened
    rm precious in /work  (record 1, 2026-11-18T11:06:40.250000Z)
    rm precious in /work  (record 7, 2026-11-18T11:06:40.250000Z)

no-ls  allow (known-programs) → deny  1  tightened
    ls '\\x1b[2J' in /work  (record 4, 2026-11-18T11:06:40.250000Z)

can't be decided again
  a fact was not recorded: branch: 1
    cat x in /work  (record 3, 2026-11-18T11:06:40.250000Z)
  it is a shell line; the commands in it are recorded where they run: 1
    rm x && ls in /work  (record 5, 2026-11-18T11:06:40.250000Z)

7 records: 1 as they were, 3 otherwise, 2 undecidable, 1 of no decision
"""


@pytest.fixture
def log(home: Home) -> AuditLog:
    """What was decided under the home's rules."""
    loaded = table(home.rules)
    made = AuditLog(home)
    for argv in (["rm", "precious"], ["touch", "secret"], ["cat", "x"], ["ls", "\x1b[2J"]):
        made.append(record.make(outcome(loaded, argv)))
    made.append(record.make(outcome(loaded, ["rm x && ls"], kind="line")))
    made.append({"ts": "2026-11-18T11:06:40.250000Z", "v": 1, "kind": "refused-approval", "approval": {"id": 1}})
    made.append(record.make(outcome(loaded, ["rm", "precious"])))
    made.close()
    return made


@pytest.fixture
def new(tmp_path: Path) -> str:
    path = tmp_path / "new.yaml"
    path.write_text(NEW)
    path.chmod(0o600)
    return str(path)


@pytest.mark.usefixtures("log")
def test_under_the_rules_in_force_nothing_differs(cli: Cli) -> None:
    ran = cli("replay", "--json", "--exit-code")
    found = json.loads(ran.out)
    assert ran.status == 0
    assert {name: found[name] for name in ("records", "same", "differ", "undecidable", "skipped", "changes")} == {
        "records": 7,
        "same": 5,
        "differ": 0,
        "undecidable": 1,
        "skipped": 1,
        "changes": [],
    }


@pytest.mark.usefixtures("log")
def test_what_other_rules_would_change(cli: Cli, new: str) -> None:
    assert cli("replay", "--table", new) == (0, TEXT, "")
    assert cli("replay", "--table", new, "--exit-code").status == 1


@pytest.mark.usefixtures("log")
def test_json_has_the_documented_keys(cli: Cli, new: str) -> None:
    found = json.loads(cli("replay", "--table", new, "--json").out)
    example = {"seq": 4, "ts": "2026-11-18T11:06:40.250000Z", "cwd": "/work", "command": "ls '\x1b[2J'"}
    assert found["changes"][1] == {
        "rule": "no-ls",
        "change": "tightened",
        "old": {"decision": "allow", "rule": "known-programs"},
        "new": {"decision": "deny", "rule": "no-ls"},
        "count": 1,
        "examples": [example],
    }
    assert [(one["reason"], one["count"]) for one in found["reasons"]] == [
        ("a fact was not recorded: branch", 1),
        ("it is a shell line; the commands in it are recorded where they run", 1),
    ]


def test_a_table_file_and_logs_by_name(cli: Cli, log: AuditLog, new: str, tmp_path: Path) -> None:
    made = str(tmp_path / "new.table")
    assert cli("compile", "-o", made, new).status == 0
    copy = str(tmp_path / "copy")
    Path(copy).write_bytes(Path(log.path).read_bytes())
    os.unlink(log.path)
    found: dict[str, Any] = json.loads(cli("replay", "--table", made, "--json", copy, copy).out)
    assert (found["records"], found["differ"]) == (14, 6)
    assert json.loads(cli("replay", "--json").out)["records"] == 0


def test_rotated_files_come_too_and_examples_are_few_unless_all_are_asked_for(cli: Cli, home: Home, new: str) -> None:
    loaded = table(home.rules)
    log = AuditLog(home, size_max=1500, keep=50)
    for number in range(10):
        log.append(record.make(outcome(loaded, ["ls", str(number)])))
    log.close()
    assert os.path.exists(f"{log.path}.2")
    ran = cli("replay", "--table", new)
    assert ran.out.count("    ls ") == 3
    assert "    and 7 more\n" in ran.out
    assert cli("replay", "--table", new, "--verbose").out.count("    ls ") == 10


def test_a_repositorys_rules_count_where_they_stand(cli: Cli, home: Home, tmp_path: Path) -> None:
    loaded = table(home.rules)
    log = AuditLog(home)
    for name in ("good", "bad"):
        (tmp_path / name / "sub").mkdir(parents=True)
        log.append(record.make(outcome(loaded, ["ls"], directory=os.fsencode(tmp_path / name / "sub"))))
    log.close()
    write(str(tmp_path / "good/.safeshell/rules.yaml"), NEW)
    write(str(tmp_path / "bad/.safeshell/rules.yaml"), "version: 1\nrules: [{name: x}]\n")
    ran = cli("replay", "--json")
    found = json.loads(ran.out)
    assert [(change["rule"], change["count"]) for change in found["changes"]] == [("no-ls", 1)]
    assert found["changes"][0]["examples"][0]["cwd"] == f"{tmp_path}/good/sub"
    assert (
        ran.err == f"safeshell: {tmp_path}/bad/.safeshell/rules.yaml has errors; this repository's rules are skipped\n"
    )


@pytest.mark.usefixtures("log")
def test_rules_with_errors_are_told_with_their_findings(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("version: 1\nrules:\n  - {name: x, action: forbid, message: m}\n")
    ran = cli("replay", "--table", str(tmp_path / "bad.yaml"))
    assert (ran.status, ran.out) == (1, "")
    assert "bad.yaml:3:" in ran.err


@pytest.mark.parametrize("argv", [["--table", "nowhere"], ["nowhere"], ["--what"]])
def test_usage(cli: Cli, argv: list[str]) -> None:
    ran = cli("replay", *argv)
    assert (ran.status, ran.out) == (2, "")


def test_no_rules_at_all_is_said(cli: Cli, home: Home) -> None:
    os.unlink(home.tables)
    ran = cli("replay")
    assert (ran.status, ran.out) == (1, "")
    assert "run `safeshell compile`" in ran.err


@pytest.mark.usefixtures("log")
def test_progress_is_on_a_terminals_stderr_alone(home: Home) -> None:
    reader, terminal = pty.openpty()
    ran = subprocess.run(
        [SAFESHELL, "replay", "--json"],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=terminal,
        timeout=60,
        check=True,
    )
    os.close(terminal)
    with os.fdopen(reader, "rb") as stream:
        assert stream.read1(65536) == b"\r100 %  7 records\r\x1b[K"
    assert json.loads(ran.stdout)["records"] == 7
