from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest
from audit.outcomes import outcome, table

from safeshell.audit import record
from safeshell.audit.files import opened
from safeshell.audit.log import AuditLog
from safeshell.audit.replay import run as replaying
from safeshell.audit.replay.run import Grounds, LogPart, Replayer, parts, replay
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.policy.units import LoadedTable

OLD = "version: 1\nrules:\n  - {name: no-rm, commands: [rm], action: deny, message: No.}\n"
NEW = """\
version: 1
rules:
  - {name: no-rm, commands: [rm], conditions: [{command_contains: '5'}], action: deny, message: No.}
  - {name: no-cp, commands: [cp], action: require_approval, message: Ask.}
"""


def _table(path: Path, rules: str) -> LoadedTable:
    path.write_text(rules)
    path.chmod(0o600)
    return table(str(path))


@pytest.fixture
def log(tmp_path: Path) -> str:
    """300 records in several files."""
    made = AuditLog(Home(str(tmp_path)), size_max=20_000, keep=100)
    old = _table(tmp_path / "old.yaml", OLD)
    for number in range(300):
        made.append(record.make(outcome(old, [("rm", "cp", "ls")[number % 3], str(number)])))
    made.close()
    return made.path


@pytest.fixture
def grounds(tmp_path: Path) -> Grounds:
    return Grounds((_table(tmp_path / "new.yaml", NEW).table,), None, 3)


def test_every_record_is_decided_once_however_the_files_are_cut(log: str, grounds: Grounds) -> None:
    whole = None
    for size in (97, 500, 4096, 1 << 20):
        with opened(log) as streams:
            replayer = Replayer(grounds)
            assert len(streams) > 3
            found = None
            for part in parts(streams):
                for start in range(part.start, part.end, size):
                    tally = replayer.part(LogPart(part.descriptor, start, min(start + size, part.end)))
                    if found is None:
                        found = tally
                    else:
                        found.merge(tally)
        assert found is not None
        assert found.records == 300
        whole = whole or found.to_json()
        assert found.to_json() == whole
    assert whole is not None
    assert {(change["rule"], change["change"]): change["count"] for change in whole["changes"]} == {
        ("no-cp", "tightened"): 100,
        ("no-rm", "loosened"): sum("5" not in str(number) for number in range(0, 300, 3)),
    }


def test_two_processes_come_to_what_one_does(log: str, grounds: Grounds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "PART_BYTES", 5000)
    shown: list[tuple[int, int]] = []
    with opened(log) as streams:
        todo = parts(streams)
        assert len(todo) > 3
        by_two = replay(grounds, todo, lambda done, records: shown.append((done, records)))
        replayer = Replayer(grounds)
        by_one = [replayer.part(part) for part in todo]
    for later in by_one[1:]:
        by_one[0].merge(later)
    assert by_two.to_json() == by_one[0].to_json()
    assert shown[-1] == (sum(part.end - part.start for part in todo), 300)
    assert len(shown) == len(todo)
    assert [example["command"] for example in by_two.to_json()["changes"][0]["examples"]] == ["cp 1", "cp 4", "cp 7"]


def test_what_is_appended_or_rotated_meanwhile_is_left_out(log: str, grounds: Grounds) -> None:
    with opened(log) as streams:
        todo = parts(streams)
        Path(log).rename(f"{log}.0")
        with open(f"{log}.0", "ab") as stream:
            stream.write(b"more\n")
        replayer = Replayer(grounds)
        assert sum(replayer.part(part).records for part in todo) == 300


def test_a_process_that_ends_early_is_said(log: str, grounds: Grounds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "PART_BYTES", 5000)
    with opened(log) as streams:
        monkeypatch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(SafeShellError, match="ended before it was done"):
            replay(grounds, parts(streams), lambda _done, _records: None)


def test_s17_without_its_directory_a_record_is_not_decided_again(tmp_path: Path, grounds: Grounds) -> None:
    path = tmp_path / "log"
    path.write_text(
        '{"v":1,"decision":"deny","argv":["rm","x"],"cwd":"/srv/[redacted:token]","redacted":["token"]}\n', "utf-8"
    )
    with path.open("rb") as stream:
        found = replay(dataclasses.replace(grounds, home=str(tmp_path)), parts([stream]), lambda _done, _records: None)
    (reason,) = found.undecidable
    assert reason == "the working directory was redacted, so its repository can't be found"


def test_lines_that_are_no_records_are_counted(tmp_path: Path, grounds: Grounds) -> None:
    path = tmp_path / "log"
    path.write_bytes(
        b'hello\n[1]\n{"v":1,"decision":"deny","argv":[]}\n{"v":1,"decision":"shrug","argv":["x"]}\n\xff\n{"v"'
    )
    with path.open("rb") as stream:
        found = replay(grounds, parts([stream]), lambda _done, _records: None)
    assert {reason: group.count for reason, group in found.undecidable.items()} == {"the line is no record": 6}
