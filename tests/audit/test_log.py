from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from safeshell.audit.chain import START, unseal
from safeshell.audit.log import AuditLog
from safeshell.audit.verify import verify
from safeshell.home.paths import Home


@pytest.fixture
def place(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def log(place: Home, said: list[str]) -> Iterator[AuditLog]:
    made = AuditLog(place, on_failure=said.append)
    yield made
    made.close()


def _record(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"ts": "2026-11-22T10:00:00.000000Z", "v": 1, "decision": "deny", "argv": ["rm", str(number)], **more}


def _records(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_bytes().splitlines()]


def _chained(*paths: str) -> list[int]:
    """The numbers of all records, after each was found to be whole and to follow the one before."""
    numbers = []
    before = START
    for path in paths:
        for line in Path(path).read_bytes().splitlines():
            sealed = unseal(line)
            assert sealed is not None
            assert sealed.intact
            assert sealed.prev == before
            before = sealed.hash
            numbers.append(sealed.seq)
    return numbers


def test_records_are_lines_of_a_chain(log: AuditLog) -> None:
    assert log.append(_record(1)) == {"seq": 1, **_record(1)}
    assert log.append(_record(2, cwd="/\udcff")) == {"seq": 2, **_record(2, cwd="/\udcff")}
    data = Path(log.path).read_bytes()
    assert data.isascii()
    assert _chained(log.path) == [1, 2]
    first, second = _records(log.path)
    assert list(first) == ["seq", "ts", "v", "decision", "argv", "prev", "hash"]
    assert second["prev"] == first["hash"]
    assert second["cwd"] == "/\udcff"
    assert log.status() == {"seq": 2, "hash": second["hash"], "failures": 0, "lost": 0, "last_error": None}
    assert os.stat(log.path).st_mode & 0o777 == 0o600


def test_one_write_a_record(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    own = os.write

    def write(descriptor: int, data: bytes) -> int:
        written.append(data)
        return own(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    log.append(_record(1))
    log.append(_record(2))
    assert [data.count(b"\n") for data in written] == [1, 1]


def test_secrets_never_reach_the_file(log: AuditLog) -> None:
    made = log.append({**_record(), "argv": ["x", "--password", "hunter2"]})
    assert made is not None
    assert made["redacted"] == ["option"]
    assert b"hunter2" not in Path(log.path).read_bytes()


def test_the_chain_goes_on_after_a_restart_and_across_rotations(place: Home) -> None:
    for start in range(1, 60, 3):
        log = AuditLog(place, size_max=1500, keep=100)
        for number in range(start, start + 3):
            log.append(_record(number))
        log.close()
    names = sorted(os.listdir(place.root), key=lambda name: -int(name.rpartition(".")[2]) if name[-1].isdigit() else 0)
    assert len(names) > 5
    paths = [os.path.join(place.root, name) for name in names]
    assert _chained(*paths) == list(range(1, 61))
    assert all(os.path.getsize(path) <= 1500 for path in paths)


@pytest.mark.parametrize("keep", [0, 1, 3])
def test_so_many_rotated_files_are_kept(place: Home, keep: int) -> None:
    log = AuditLog(place, size_max=600, keep=keep)
    for number in range(30):
        log.append(_record(number))
    log.close()
    assert sorted(os.listdir(place.root)) == ["audit.jsonl", *[f"audit.jsonl.{number + 1}" for number in range(keep)]]
    assert log.failures == 0
    kept = [*[f"{log.path}.{number}" for number in range(keep, 0, -1)], log.path]
    assert [record["seq"] for path in kept for record in _records(path)][-1] == 30


def test_fewer_than_before_are_kept_from_the_next_rotation_on(place: Home) -> None:
    for keep in (5, 2):
        log = AuditLog(place, size_max=600, keep=keep)
        for number in range(20):
            log.append(_record(number))
        log.close()
    assert sorted(os.listdir(place.root)) == ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"]


def test_two_writers_make_one_chain(place: Home) -> None:
    logs = [AuditLog(place, size_max=2000, keep=100) for _ in range(3)]
    for number in range(90):
        assert logs[number * 7 % 3].append(_record(number)) is not None
    for log in logs:
        log.close()
    count = len(os.listdir(place.root)) - 1
    assert count > 3
    assert _chained(*[f"{log.path}.{number}" for number in range(count, 0, -1)], log.path) == list(range(1, 91))


WRITER = """
import sys
from safeshell.audit.log import AuditLog
from safeshell.audit.verify import verify
from safeshell.home.paths import Home
log = AuditLog(Home(sys.argv[1]), size_max=20_000, keep=100)
log.redactor.redact({"argv": ["x"]})
print(flush=True)
sys.stdin.readline()
for number in range(300):
    assert log.append({"ts": "x", "argv": ["rm", str(number)]}) is not None, log.last_error
"""


def test_processes_that_write_at_once_make_one_chain(place: Home) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, place.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    for writer in writers:
        writer.communicate(b"\n", timeout=60)
        assert writer.returncode == 0
    count = len(os.listdir(place.root)) - 1
    path = os.path.join(place.root, "audit.jsonl")
    assert _chained(*[f"{path}.{number}" for number in range(count, 0, -1)], path) == list(range(1, 901))


@pytest.mark.parametrize("rest", [b"{", b'{"seq":3,"ts":"x","prev":"0"', b"x" * 200_000])
def test_a_torn_last_line_is_ended_and_the_chain_goes_on(log: AuditLog, rest: bytes) -> None:
    log.append(_record(1))
    head = log.head
    with open(log.path, "ab") as stream:
        stream.write(rest)
    made = log.append(_record(2))
    assert made is not None
    lines = Path(log.path).read_bytes().split(b"\n")
    assert lines[1] == rest
    sealed = unseal(lines[2])
    assert sealed is not None
    assert (sealed.seq, sealed.prev, lines[3:]) == (2, head.hash, [b""])


def test_a_record_that_lacks_but_its_newline_is_one(log: AuditLog) -> None:
    log.append(_record(1))
    os.truncate(log.path, os.path.getsize(log.path) - 1)
    log.append(_record(2))
    assert _chained(log.path) == [1, 2]


def test_a_file_of_nothing_but_a_torn_line_goes_on_from_the_one_before(place: Home) -> None:
    log = AuditLog(place)
    log.append(_record(1))
    log.close()
    os.rename(log.path, f"{log.path}.1")
    Path(log.path).write_bytes(b'{"seq"')
    log.append(_record(2))
    log.close()
    assert log.head.seq == 2


def test_a_log_that_was_taken_away_leaves_a_gap(log: AuditLog) -> None:
    for number in range(3):
        log.append(_record(number))
    os.unlink(log.path)
    made = log.append(_record(3))
    assert made is not None
    assert made["seq"] == 4
    assert [record["seq"] for record in _records(log.path)] == [4]


def test_records_cut_off_at_the_end_leave_a_gap(log: AuditLog) -> None:
    for number in range(3):
        log.append(_record(number))
    lines = Path(log.path).read_bytes().splitlines(keepends=True)
    Path(log.path).write_bytes(lines[0])
    log.append(_record(3))
    assert [record["seq"] for record in _records(log.path)] == [1, 4]


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow past 4096 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("small_files")
def test_what_does_not_fit_is_counted_and_said_once(log: AuditLog, said: list[str]) -> None:
    written = 0
    while log.append(_record(written)) is not None:
        written += 1
    assert log.append(_record()) is None
    assert log.append(_record()) is None
    assert log.failures == 3
    assert len(said) == 1
    assert said[0].startswith(f"the audit log can't be written: {log.path}: ")
    assert _chained(log.path) == list(range(1, written + 1))  # nothing of the others, not even a part
    os.truncate(log.path, os.path.getsize(log.path) - len(Path(log.path).read_bytes().splitlines(keepends=True)[-1]))
    again = log.append({"ts": "x"})
    assert again == {"seq": written + 1, "ts": "x", "lost": 3}
    assert log.append(_record("x" * 500)) is None  # type: ignore[arg-type]
    assert (len(said), log.failures) == (2, 4)


def test_a_disk_that_is_full_after_a_part_leaves_nothing_of_it(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append(_record(1))
    own = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda descriptor, data: own(descriptor, data[:40]))
        assert log.append(_record(2)) is None
        assert log.last_error == f"{log.path}: No space left on device"
        patched.setattr(os, "ftruncate", _fail)
        assert log.append(_record(2)) is None
    assert Path(log.path).read_bytes().count(b"\n") == 1
    log.append(_record(3))
    lines = Path(log.path).read_bytes().splitlines()
    assert len(lines[1]) == 40  # the part that could not be taken back stands on a line of its own
    last = unseal(lines[2])
    assert last is not None
    assert last.seq == 2
    assert json.loads(lines[2])["lost"] == 2


def _fail(*_arguments: object) -> int:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_writer_that_holds_the_log_is_not_waited_for_long(log: AuditLog, said: list[str]) -> None:
    log.append(_record(1))
    with open(log.path, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert log.append(_record(2)) is None
        assert said == [f"the audit log can't be written: {log.last_error}; what is decided now is not recorded"]
    made = log.append(_record(3))
    assert made is not None
    assert (made["seq"], made["lost"]) == (2, 1)


def test_what_is_no_file_is_never_waited_for(log: AuditLog) -> None:
    os.mkfifo(log.path)
    assert log.append(_record()) is None
    assert log.last_error == f"{log.path}: not a regular file"


def test_a_home_that_is_gone_is_a_failure_and_no_more(place: Home) -> None:
    log = AuditLog(Home(os.path.join(place.root, "nowhere")))
    assert log.append(_record()) is None
    assert log.failures == 1
    assert log.status()["last_error"] == log.last_error == f"{log.path}: No such file or directory"


def test_the_library_is_light() -> None:
    program = (
        "import sys, safeshell.audit.log, safeshell.audit.record, safeshell.audit.outcome;"
        "print([n for n in ('click', 'yaml', 'pydantic', 'lmdb', 'asyncio', 'safeshell_compiler') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def _put_another(path: str) -> None:
    os.rename(path, path + "-old")
    Path(path).touch(0o600)


TAKEN: dict[str, Callable[[str], None]] = {
    "removed": os.unlink,
    "moved": lambda path: os.rename(path, path + "-old"),
    "emptied": lambda path: os.truncate(path, 0),
    "another": _put_another,
}
"""What may become of a log under a running daemon, besides a rotation."""


@pytest.mark.parametrize("how", TAKEN)
@pytest.mark.parametrize("records", [1, 4])
def test_s18_a_log_that_is_taken_away_is_said_recorded_and_verified(tmp_path: Path, how: str, records: int) -> None:
    said: list[str] = []
    log = AuditLog(Home(str(tmp_path)), on_failure=said.append)
    for number in range(records):
        log.append({"ts": "2026-11-22T10:00:00.000000Z", "argv": ["rm", str(number)]})
    TAKEN[how](log.path)
    for number in range(2):
        log.append({"ts": "2026-11-22T10:00:00.000000Z", "argv": ["cp", str(number)]})
    log.close()
    (told,) = said
    assert told.startswith("the audit log was tampered with: ")
    assert told.endswith(f"by somebody else; records up to {records} were in it")
    assert log.status()["last_error"] in told
    first, second = (json.loads(line) for line in Path(log.path).read_text().splitlines())
    assert (first["seq"], first["removed"]) == (records + 1, records)
    assert "removed" not in second
    with open(log.path, "rb") as stream:
        found = verify([stream])
    assert [(one.kind, one.line) for one in found.findings] == [("missing", 1)]
    assert f"records up to {records} were taken away" in found.findings[0].message


def test_s18_records_that_are_put_back_are_not_missing(tmp_path: Path) -> None:
    log = AuditLog(Home(str(tmp_path)))
    log.append({"ts": "2026-11-22T10:00:00.000000Z", "argv": ["rm", "1"]})
    log.append({"ts": "2026-11-22T10:00:00.000000Z", "argv": ["rm", "2"]})
    before = log.path + "-old"
    os.rename(log.path, before)
    log.append({"ts": "2026-11-22T10:00:00.000000Z", "argv": ["rm", "3"]})
    log.close()
    with open(before, "rb") as old, open(log.path, "rb") as new:
        assert not verify([old, new]).findings
    lines = Path(before).read_text().splitlines(keepends=True)
    Path(before).write_text(lines[0])
    with open(before, "rb") as old, open(log.path, "rb") as new:
        assert {one.kind for one in verify([old, new]).findings} == {"missing"}


@pytest.mark.parametrize("keep", [0, 1, 9])
def test_s18_another_writers_rotation_is_none(tmp_path: Path, keep: int) -> None:
    said: list[str] = []
    one, two = (AuditLog(Home(str(tmp_path)), size_max=400, keep=keep, on_failure=said.append) for _ in range(2))
    for number in range(20):
        (two if number % 10 == 9 else one).append({"ts": "2026-11-22T10:00:00.000000Z", "argv": ["rm", str(number)]})
    assert said == []
    one.close()
    two.close()
