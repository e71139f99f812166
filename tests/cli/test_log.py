"""`safeshell log` as it is called."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from harness import SAFESHELL, Cli, environment, until

from safeshell.audit.log import AuditLog
from safeshell.cli import log as command
from safeshell.client import execute
from safeshell.home.paths import Home
from safeshell.protocol import Type

RECORDS: list[dict[str, Any]] = [
    {"ts": "2026-11-20T10:00:00.000000Z", "decision": "deny", "rule": "no-rm", "argv": ["rm", "a b"], "cwd": "/work"},
    {"ts": "2026-11-20T11:00:00.000000Z", "decision": "allow", "argv": ["/bin/ls"], "cwd": "/work/in"},
    {
        "ts": "2026-11-21T10:00:00.000000Z",
        "kind": "approval",
        "decision": "require_approval",
        "rule": "ask",
        "argv": ["touch", "\x1b[2J"],
        "cwd": "/",
        "approval": {"id": 4, "answer": "deny", "by": "pts/1", "words": "no\x07"},
    },
    {
        "ts": "2026-11-22T10:00:00.000000Z",
        "decision": "allow",
        "observed": [{"rule": "watch", "action": "deny", "source": "x:1"}],
        "argv": ["make"],
        "cwd": "/work",
    },
    {"ts": "2026-11-22T10:00:01.000000Z", "kind": "error", "argv": ["x"], "error": "no rules are in force"},
]

TABLE = """\
2026-11-20 10:00:00  deny              no-rm                 /work                     rm 'a b'
2026-11-20 11:00:00  allow             -                     /work/in                  ls
2026-11-21 10:00:00  require_approval  ask                   /                         touch '\\x1b[2J' \
[approval 4 deny by pts/1: no\\x07]
2026-11-22 10:00:00  allow             (watch)               /work                     make
2026-11-22 10:00:01  error             -                     -                         x [no rules are in force]
"""


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def log(home: Home) -> Iterator[AuditLog]:
    """The records in several files."""
    made = AuditLog(home, size_max=700, keep=90)
    for record in RECORDS:
        made.append(record)
    assert os.path.exists(f"{made.path}.1")
    yield made
    made.close()


def _seqs(text: str) -> list[int]:
    return [json.loads(line)["seq"] for line in text.splitlines()]


@pytest.mark.usefixtures("log")
def test_a_line_a_record_the_oldest_first(cli: Cli) -> None:
    assert cli("log") == (0, TABLE, "")


def test_json_is_the_lines_as_they_stand(cli: Cli, log: AuditLog) -> None:
    ran = cli("log", "--json")
    paths = [f"{log.path}.{number}" for number in (2, 1) if os.path.exists(f"{log.path}.{number}")] + [log.path]
    assert ran.out == "".join(Path(path).read_text() for path in paths)
    assert _seqs(ran.out) == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--decision", "deny"], [1]),
        (["--decision", "deny", "--decision", "require_approval"], [1, 3]),
        (["--decision", "error"], [5]),
        (["--rule", "no-rm"], [1]),
        (["--rule", "watch"], [4]),
        (["--since", "2026-11-21"], [3, 4, 5]),
        (["--until", "2026-11-21"], [1, 2]),
        (["--since", "2026-11-20T11:00:00Z", "--until", "2026-11-22T10:00:00.5Z"], [2, 3, 4]),
        (["--cwd", "/work"], [1, 2, 4]),
        (["--cwd", "/work/../work/in/"], [2]),
        (["--grep", "'a b'"], [1]),
        (["--grep", "in force"], [5]),
        (["--limit", "2"], [4, 5]),
        (["--limit", "1", "--decision", "allow"], [4]),
        (["--decision", "redirect"], []),
    ],
)
def test_filters(cli: Cli, options: list[str], expected: list[int]) -> None:
    ran = cli("log", "--json", *options)
    assert (_seqs(ran.out), ran.status, ran.err) == (expected, 0, "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--since", "yesterday"], "'yesterday' is no time: write 2h, 3d, 2026-11-22 or 2026-11-22T10:00:00Z"),
        (["--decision", "forbid"], "'forbid' is not one of"),
        (["--limit", "0"], "0 is not in the range"),
        (["--until", ""], "'' is no time"),
    ],
)
def test_usage(cli: Cli, options: list[str], said: str) -> None:
    ran = cli("log", *options)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_no_log_is_no_records(cli: Cli) -> None:
    assert cli("log") == (0, "", "")
    assert cli("log", "verify") == (0, "no records\n", "")


def test_lines_that_are_no_records_are_said(cli: Cli, log: AuditLog) -> None:
    with open(log.path, "a") as stream:
        stream.write("hello\n[]\n")
    ran = cli("log")
    assert ran.out == TABLE
    assert ran.err == "safeshell: 2 lines of the log are no records; `safeshell log verify` names them\n"


def test_a_log_that_cannot_be_read_is_said(cli: Cli, home: Home) -> None:
    os.mkdir(os.path.join(home.root, "audit.jsonl"))
    for argv in (["log"], ["log", "verify"]):
        ran = cli(*argv)
        assert (ran.status, ran.out) == (1, "")
        assert ran.err == f"safeshell: can't read {home.root}/audit.jsonl: Is a directory\n"


def _on_terminal(home: Home, width: int, **more: str) -> str:
    reader, terminal = pty.openpty()
    subprocess.run(
        [SAFESHELL, "log"],
        env={**environment(home), "TZ": "UTC", "TERM": "xterm", "COLUMNS": str(width), **more},
        stdout=terminal,
        timeout=60,
        check=True,
    )
    os.close(terminal)
    with os.fdopen(reader, "rb") as stream:
        return stream.read1(65536).decode()


@pytest.mark.usefixtures("log")
def test_on_a_terminal_lines_fit_and_decisions_are_coloured(home: Home) -> None:
    text = _on_terminal(home, 80, NO_COLOR="1")
    lines = text.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[2].endswith("…")
    assert "\x1b" not in text
    assert "\x1b[31mdeny\x1b[0m" in _on_terminal(home, 200)


@pytest.fixture
def following(home: Home) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [SAFESHELL, "log", "--follow", *options],
            env={**environment(home), "TZ": "UTC"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def _next(stream: IO[bytes] | None) -> dict[str, Any]:
    assert stream is not None
    found: dict[str, Any] = json.loads(stream.readline())
    return found


def test_follow_goes_on_past_rotations_until_interrupted(
    log: AuditLog, following: Callable[..., subprocess.Popen[bytes]]
) -> None:
    process = following("--json", "--decision", "deny")
    assert _next(process.stdout)["seq"] == 1
    for number in range(6, 20):
        log.append(RECORDS[0] if number % 2 else RECORDS[1])
        if number % 2:
            assert _next(process.stdout)["seq"] == number
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err.strip()) == (130, b"", b"")


def test_follow_begins_with_the_last_few(log: AuditLog, following: Callable[..., subprocess.Popen[bytes]]) -> None:
    for _ in range(20):
        log.append(RECORDS[0])
    for options, first in (((), 16), (("--limit", "2"), 24), (("--since", "2026-11-01"), 1)):
        assert _next(following("--json", *options).stdout)["seq"] == first


@pytest.mark.usefixtures("log")
def test_verify_of_a_whole_log(cli: Cli) -> None:
    assert cli("log", "verify") == (0, "5 records, 1 to 5: the chain is whole\n", "")
    ran = cli("log", "verify", "--json")
    assert json.loads(ran.out) == {"ok": True, "records": 5, "first": 1, "last": 5, "findings": []}


def test_verify_names_file_and_line(cli: Cli, log: AuditLog) -> None:
    path = Path(f"{log.path}.1")
    path.write_bytes(path.read_bytes().replace(b'"allow"', b'"deny"'))
    number = 1 + [b'"seq":4,' in line for line in path.read_bytes().splitlines()].index(True)
    said = f"{path}:{number}: changed: record 4 is not as it was written\n5 records, 1 to 5: 1 problem\n"
    assert cli("log", "verify") == (1, said, "")
    (finding,) = json.loads(cli("log", "verify", "--json").out)["findings"]
    assert (finding["kind"], finding["file"]) == ("changed", str(path))


def test_verify_compares_with_the_daemons_own_count(cli: Cli, log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def status(kind: Type, *, home: Home) -> dict[str, Any]:
        assert (kind, home.root) == (Type.STATUS, os.path.dirname(log.path))
        return {"pid": 1, "audit": {"seq": 7, "hash": "0" * 64, "failures": 0}}

    monkeypatch.setattr(command, "control", status)
    ran = cli("log", "verify")
    assert ran.status == 1
    assert "missing: records 6 to 7 are missing at the end" in ran.out


@pytest.mark.usefixtures("daemon")
def test_what_a_real_daemon_writes_and_what_it_misses(home: Home, cli: Cli) -> None:
    for _ in range(2):
        assert execute(["rm", "precious", "--token", "hunter2"], home=home).returncode == 126
    path = Path(home.root, "audit.jsonl")
    until(lambda: path.exists() and path.read_bytes().count(b"\n") == 2, "two records")  # they follow the answer
    assert cli("log").out.splitlines()[1].endswith("rm precious --token '[redacted:option]'")
    assert cli("log", "verify") == (0, "2 records, 1 to 2: the chain is whole\n", "")
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    ran = cli("log", "verify")
    assert (ran.status, ran.err) == (1, "")
    assert ran.out.startswith(f"{path}: missing: record 2 is missing at the end")
