from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from safeshell.audit import verify as checking
from safeshell.audit.chain import Head, seal
from safeshell.audit.files import opened
from safeshell.audit.log import AuditLog
from safeshell.home.paths import Home

Lines = list[bytes]


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    """Twelve records in three files."""
    made = AuditLog(Home(str(tmp_path)), size_max=1180, keep=9)
    for number in range(12):
        made.append({"ts": "2026-11-22T10:00:00.000000Z", "argv": ["rm", str(number)]})
    made.close()
    assert sorted(os.listdir(tmp_path)) == ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"]
    return made


def _found(log: AuditLog, head: dict[str, object] | None = None) -> list[tuple[str, str, int, str]]:
    with opened(log.path) as streams:
        found = checking.verify(streams, head)
    return [(one.kind, os.path.basename(one.file), one.line, one.message) for one in found.findings]


def _edit(path: str, change: Callable[[Lines], Lines]) -> None:
    Path(path).write_bytes(b"".join(change(Path(path).read_bytes().splitlines(keepends=True))))


def test_a_log_as_it_was_written(log: AuditLog) -> None:
    assert _found(log) == []
    assert _found(log, log.status()) == []
    with opened(log.path) as streams:
        found = checking.verify(streams, log.status())
    assert (found.records, found.first, found.last) == (12, 1, 12)
    assert checking.to_json(found) == {"ok": True, "records": 12, "first": 1, "last": 12, "findings": []}


def test_no_log_at_all(tmp_path: Path) -> None:
    assert _found(AuditLog(Home(str(tmp_path)))) == []


def test_a_changed_record(log: AuditLog) -> None:
    _edit(log.path + ".1", lambda lines: [lines[0], lines[1].replace(b'"rm"', b'"ls"'), *lines[2:]])
    (finding,) = _found(log)
    assert finding == ("changed", "audit.jsonl.1", 2, "record 7 is not as it was written")


def test_a_changed_record_whose_digest_was_made_anew(log: AuditLog) -> None:
    def forge(lines: Lines) -> Lines:
        record = json.loads(lines[1])
        head = Head(record.pop("seq") - 1, record.pop("prev"))
        del record["hash"]
        return [lines[0], seal({**record, "argv": ["ls"]}, head)[0], *lines[2:]]

    _edit(log.path + ".1", forge)
    (finding,) = _found(log)
    assert finding == ("changed", "audit.jsonl.1", 3, "record 8 does not follow from the record 7 that is here")


@pytest.mark.parametrize(("drop", "said"), [((2,), "record 3 is missing"), ((1, 2), "records 2 to 3 are missing")])
def test_missing_records(log: AuditLog, drop: tuple[int, ...], said: str) -> None:
    _edit(log.path + ".2", lambda lines: [line for index, line in enumerate(lines) if index not in drop])
    (finding,) = _found(log)
    assert finding == ("missing", "audit.jsonl.2", drop[0] + 1, f"{said} before this line")


def test_a_missing_file(log: AuditLog) -> None:
    os.unlink(log.path + ".1")
    (finding,) = _found(log)
    assert finding[:3] == ("missing", "audit.jsonl", 1)
    assert finding[3] == "records 6 to 10 are missing before this line"


def test_the_oldest_file_may_be_gone(log: AuditLog) -> None:
    os.unlink(log.path + ".2")
    with opened(log.path) as streams:
        found = checking.verify(streams)
    assert (found.findings, found.first, found.last) == ([], 6, 12)


def test_records_in_another_order(log: AuditLog) -> None:
    _edit(log.path + ".1", lambda lines: [lines[0], lines[2], lines[1], *lines[3:]])
    assert _found(log) == [("reordered", "audit.jsonl.1", 3, "record 7 stands behind record 8")]


def test_the_first_two_in_another_order(log: AuditLog) -> None:
    _edit(log.path + ".2", lambda lines: [lines[1], lines[0], *lines[2:]])
    assert _found(log) == [("reordered", "audit.jsonl.2", 2, "record 1 stands behind record 2")]


def test_a_record_from_elsewhere_and_far(log: AuditLog) -> None:
    moved = Path(log.path + ".2").read_bytes().splitlines(keepends=True)[1]
    _edit(log.path + ".2", lambda lines: [lines[0], *lines[2:]])
    _edit(log.path, lambda lines: [*lines, moved])
    (finding,) = _found(log)
    assert finding[:2] == ("reordered", "audit.jsonl")
    assert finding[3] == "record 2 stands behind record 12"


def test_files_in_another_order(log: AuditLog) -> None:
    os.rename(log.path + ".1", log.path + ".9")
    kinds = {kind for kind, *_ in _found(log)}
    assert kinds == {"reordered"}


def test_a_record_twice(log: AuditLog) -> None:
    _edit(log.path, lambda lines: [*lines, lines[-1]])
    (finding,) = _found(log)
    assert finding[0] == "repeated"
    assert finding[3] == "record 12 is here a second time"


def test_a_torn_line_and_nothing_else(log: AuditLog) -> None:
    with open(log.path, "ab") as stream:
        stream.write(b'{"seq":13,"ts":"2026-1')
    last = Path(log.path).read_bytes().count(b"\n") + 1
    torn = ("torn", "audit.jsonl", last, "this record was not written to its end")
    assert _found(log, log.status()) == [torn]
    log.append({"ts": "x"})
    log.close()
    assert _found(log, log.status()) == [torn]


def test_a_line_that_is_no_record(log: AuditLog) -> None:
    _edit(log.path, lambda lines: [*lines, b"hello\n", b'{"seq":13}\n'])
    assert [kind for kind, *_ in _found(log)] == ["changed", "changed"]


def test_what_the_writer_lost_is_named(log: AuditLog) -> None:
    log.append({"ts": "x", "lost": 4})
    log.append({"ts": "x", "argv": ["echo", '"lost":9']})
    log.close()
    (finding,) = _found(log)
    assert (finding[0], finding[3]) == ("lost", "4 decisions before this record could not be written")


def test_a_log_cut_at_its_end_is_seen_by_what_the_daemon_says(log: AuditLog) -> None:
    head = log.status()
    _edit(log.path, lambda lines: lines[:-1])
    assert _found(log) == []
    (finding,) = _found(log, head)
    assert finding == (
        "missing",
        "audit.jsonl",
        0,
        "record 12 is missing at the end; the daemon has written up to record 12",
    )
    for name in os.listdir(os.path.dirname(log.path)):
        os.unlink(os.path.join(os.path.dirname(log.path), name))
    ((kind, _, line, said),) = _found(log, head)
    assert (kind, line) == ("missing", 0)
    assert said.startswith("records 1 to 12 are missing at the end")


def test_a_whole_other_log_is_seen_by_what_the_daemon_says(log: AuditLog) -> None:
    head = {**log.status(), "hash": "0" * 64}
    assert [(kind, line) for kind, _, line, _ in _found(log, head)] == [("changed", 0)]


def test_what_another_daemon_wrote_meanwhile_is_no_fault(log: AuditLog) -> None:
    head = log.status()
    log.append({"ts": "x"})
    log.close()
    assert _found(log, head) == []


@pytest.mark.parametrize("head", [None, {}, {"seq": 0, "hash": "0" * 64}])
def test_a_daemon_that_wrote_nothing_says_nothing(log: AuditLog, head: dict[str, object] | None) -> None:
    assert _found(log, head) == []
