"""Shell lines in the daemon: judged as `check -c` does, by a helper that is there when wanted and in nobody's way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import PATH, Daemon, processes_of, running_daemon, safeshell, until, write

from safeshell.client import evaluate_line, execute
from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.sources import line_service
from safeshell.daemon.sources.line_jobs import Line
from safeshell.daemon.sources.line_service import Lines
from safeshell.errors import UnreachableError
from safeshell.home.paths import Home
from safeshell.policy.store.reading import read_current
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable

RULES = """\
version: 1
rules:
  - {name: precious, commands: [rm], conditions: [{command_contains: precious}], action: deny, message: No.}
  - {name: ask, commands: [touch], conditions: [{command_contains: secret}], action: require_approval, message: Ask.}
"""

pytestmark = pytest.mark.rules(RULES)


@pytest.fixture
def judge(shims: Home, daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Has the daemon judge a line for a caller behind shims, in the home."""
    monkeypatch.chdir(shims.root)

    def ask(line: str, **more: str) -> dict[str, Any]:
        return evaluate_line(line, env={"HOME": shims.root, "PATH": f"{shims.shims}:{PATH}", **more}, home=daemon.home)

    return ask


def lines(daemon: Daemon) -> dict[str, Any]:
    found: dict[str, Any] = daemon.status()["lines"]
    return found


def helpers(home: Home) -> list[int]:
    """The processes that judge lines for this home."""
    return [pid for pid, line in processes_of(home.root, 0).items() if line.split()[-1] == home.root]


@pytest.mark.parametrize(
    ("line", "decision", "deferred"),
    [
        ("cd x && rm precious", "deny", False),
        ("rm $B", "allow", True),
        ("/bin/rm $B", "require_approval", False),
        ("touch secret; ls", "require_approval", False),
        ("echo 'rm precious' caf\u00e9", "allow", False),
        ("rm $HOME/precious/\udcff", "deny", False),
        ("", "allow", False),
        ("$(" * 80 + ")" * 80, "allow", False),
    ],
)
def test_the_answer_is_that_of_check(
    judge: Callable[..., dict[str, Any]], daemon: Daemon, line: str, decision: str, deferred: bool
) -> None:
    found = judge(line, A="b")
    assert (found["decision"], found["deferred"]) == (decision, deferred)
    path = f"PATH={daemon.home.shims}:{PATH}"
    checked = safeshell(daemon.home, "check", "--json", "--env", path, "--env", "A=b", "-c", line)
    expected = json.loads(checked.stdout)
    assert {**found, "cached": None} == {**expected, "cached": None}
    assert daemon.status()["requests"][decision] == 1


def test_only_names_that_lead_to_a_shim_are_left_to_one(judge: Callable[..., dict[str, Any]], daemon: Daemon) -> None:
    home = daemon.home
    assert judge("rm $B")["deferred"]
    assert judge("rm $B", PATH=PATH)["decision"] == "require_approval"
    assert judge("rm $B", PATH=f"{PATH}:{home.shims}")["decision"] == "require_approval"
    os.unlink(os.path.join(home.shims, "rm"))
    assert judge("rm $B")["decision"] == "require_approval"


def test_an_overrun_and_what_cannot_be_read_deny_for_agents_only(judge: Callable[..., dict[str, Any]]) -> None:
    unreadable = "foo ((( rm x"
    assert judge(unreadable, SAFESHELL_CONTEXT="ai")["rule"] == "shell-line"
    assert judge(unreadable)["rule"] is None
    denied, allowed = judge("a;" * 600_000, SAFESHELL_CONTEXT="ai"), judge("a;" * 600_000)
    assert [(one["decision"], one["rule"]) for one in (denied, allowed)] == [
        ("deny", "line-overrun"),
        ("allow", "line-overrun"),
    ]
    assert len(denied["subject"]) < 2000


def test_an_edit_counts_for_the_next_line(judge: Callable[..., dict[str, Any]], daemon: Daemon) -> None:
    assert judge("ls")["decision"] == "allow"
    write(daemon.home.rules, RULES + "  - {name: new, commands: [ls], action: deny, message: No.}\n")
    assert judge("ls")["rule"] == "new"


def test_a_repositorys_rules_count(
    judge: Callable[..., dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("a", "b"):
        rules = f"version: 1\nrules:\n  - {{name: {place}, commands: [ls], action: deny, message: No.}}\n"
        write(str(tmp_path / place / ".safeshell/rules.yaml"), rules)
        monkeypatch.chdir(tmp_path / place)
        found = judge("ls")
        assert found["rule"] == place
        assert found["source"].startswith(str(tmp_path / place))
    monkeypatch.chdir(tmp_path)
    assert judge("ls")["decision"] == "allow"


def test_the_helper_is_started_by_the_first_line_stays_and_ends_with_the_daemon(shims: Home) -> None:
    with running_daemon(shims) as daemon:
        execute(["ls"], env={"PATH": PATH}, home=shims)
        assert lines(daemon) == {"pid": None, "requests": 0, "restarts": 0}
        assert not helpers(shims)
        evaluate_line("ls", env={}, home=shims)
        first = lines(daemon)["pid"]
        assert helpers(shims) == [first]
        evaluate_line("ls", env={}, home=shims)
        assert lines(daemon) == {"pid": first, "requests": 2, "restarts": 0}
        assert f"2, helper {first}, 0 restarts" in safeshell(shims, "daemon", "status").stdout
    until(lambda: not helpers(shims), "the helper to end")


def test_a_killed_helper_is_replaced(judge: Callable[..., dict[str, Any]], daemon: Daemon) -> None:
    judge("rm precious")
    descriptors = daemon.idle()["descriptors"]
    first = lines(daemon)["pid"]
    os.kill(first, signal.SIGKILL)
    assert judge("rm precious")["decision"] == "deny"
    assert lines(daemon)["pid"] not in (None, first)
    assert lines(daemon)["restarts"] == 1
    until(lambda: daemon.status()["descriptors"] == descriptors, "the first one's descriptors to be given back")


def test_ordinary_commands_and_other_lines_wait_for_no_line(
    judge: Callable[..., dict[str, Any]], daemon: Daemon
) -> None:
    judge("ls")
    helper = lines(daemon)["pid"]
    os.kill(helper, signal.SIGSTOP)
    found: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: found.append(judge("rm precious"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: lines(daemon)["requests"] == 4, "the lines to be taken")
    assert execute(["echo", "x"], env={"PATH": PATH}, home=daemon.home).stdout == b"x\n"
    assert not found
    os.kill(helper, signal.SIGCONT)
    for thread in threads:
        thread.join(20)
    assert [one["decision"] for one in found] == ["deny"] * 3
    assert lines(daemon)["pid"] == helper


def test_a_daemon_told_to_end_at_once_waits_for_no_line(shims: Home) -> None:
    failures: list[UnreachableError] = []

    def ask() -> None:
        with pytest.raises(UnreachableError, match="stopping") as caught:
            evaluate_line("ls", env={}, home=shims)
        failures.append(caught.value)

    with running_daemon(shims) as daemon:
        evaluate_line("ls", env={}, home=shims)
        os.kill(lines(daemon)["pid"], signal.SIGSTOP)
        thread = threading.Thread(target=ask)
        thread.start()
        until(lambda: lines(daemon)["requests"] == 2, "the line to be taken")
        assert daemon.stop() == 0
        thread.join(20)
    assert failures


def test_a_deleted_directory_is_refused(
    judge: Callable[..., dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UnreachableError, match="directory"):
        judge("ls")


# The helper's ways to fail, with stand-ins for it

READ = """\
import json, os, struct, sys
def read():
    length = struct.unpack("<I", sys.stdin.buffer.read(4))[0]
    return json.loads(sys.stdin.buffer.read(length))
def send(answer):
    data = json.dumps(answer).encode()
    os.write(1, struct.pack("<I", len(data)) + data)
"""
HANGS = READ + 'read(); send({"begun": True}); sys.stdin.buffer.read(1)'
DIES = READ + 'read(); send({"begun": True}); os.abort()'
DIES_EARLY = READ + "read(); os.abort()"
RUBBISH = READ + r'read(); os.write(1, b"\4\0\0\0what"); sys.stdin.buffer.read(1)'


Loops = tuple[Loop, Executor]


@pytest.fixture
def loops() -> Iterator[Loops]:
    loop = Loop()
    executor = Executor(loop)
    loop.watch_signals((signal.SIGCHLD,), lambda _number: executor.reap())
    yield loop, executor
    loop.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def answers(
    loops: Loops, home: Home, program: str, *asked_by_ai: bool, limit_s: float = 20.0
) -> tuple[list[tuple[Any, str]], int]:
    """What lines are answered with by such a helper, and how often it was started anew."""
    loop, executor = loops
    lines = Lines(home, executor, loop, (sys.executable, "-I", "-c", program, home.root), limit_s)
    found: list[tuple[Any, str]] = []

    def answer(value: dict[str, Any] | None, reason: str) -> None:
        found.append((value, reason))
        if len(found) == len(asked_by_ai):
            loop.stop()

    current, sections = read_current(home.tables, [home.rules])[0][home.rules]
    table = LoadedTable(Table(sections, current.root))
    for is_ai in asked_by_ai:
        lines.judge(Line(b"ls \xff", is_ai, b"", b"/", (), (table,), answer, lambda: False))
    loop.run()
    lines.close()
    return found, lines.restarts


def test_a_line_that_takes_too_long_is_denied_for_agents_only(loops: Loops, home: Home) -> None:
    found, restarts = answers(loops, home, HANGS, True, False, limit_s=0.01)
    assert [(one["decision"], one["rule"]) for one, _ in found] == [("deny", "line-overrun"), ("allow", "line-overrun")]
    assert "more than 0.01 s" in found[0][0]["message"]
    assert found[0][0]["subject"] == "ls \ufffd"
    assert restarts == 1


def test_a_line_that_crashes_its_parser_is_denied_for_agents_only(loops: Loops, home: Home) -> None:
    found, restarts = answers(loops, home, DIES, True, False)
    assert [(one["decision"], one["rule"]) for one, _ in found] == [("deny", "line-overrun"), ("allow", "line-overrun")]
    assert "its parser crashed" in found[0][0]["message"]
    assert restarts == 1


@pytest.mark.parametrize(("program", "restarts"), [(DIES_EARLY, 3), (RUBBISH, 3)])
def test_a_helper_that_never_begins_is_an_overrun(loops: Loops, home: Home, program: str, restarts: int) -> None:
    found, started_anew = answers(loops, home, program, True, False)
    assert [(one["decision"], one["rule"]) for one, _ in found] == [("deny", "line-overrun"), ("allow", "line-overrun")]
    assert "its parser ended before it began (see `safeshell doctor`)" in found[0][0]["message"]
    assert started_anew == restarts


class Poor:
    """A helper's socket, of a process that has no memory left."""

    def __init__(self, sock: Any) -> None:
        self.sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)

    def recv(self, size: int) -> bytes:
        raise MemoryError(size)


def test_an_answer_that_there_is_no_memory_for_is_not_read_for_ever(
    loops: Loops, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Lines._start

    def start_poor(self: Lines) -> Any:
        helper = start(self)
        setattr(helper, "sock", Poor(helper.sock))  # noqa: B010 # a socket, as far as this goes
        return helper

    monkeypatch.setattr(Lines, "_start", start_poor)
    found, restarts = answers(loops, home, HANGS, True)
    assert [one["rule"] for one, _ in found] == ["line-overrun"]
    assert restarts == 1


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("git -C {other} tag", "no-tag"),
        ("cd {other} && git tag", "no-tag"),
        ("env -C {other}/sub git tag", "no-tag"),
        ("for d in {other}; do git -C $d tag; done", "no-tag"),
        ("GIT_DIR={other}/.git git tag", "no-tag"),
        ("cd {third} && touch x", "no-touch"),
        ("cd {other}; cd {third}; touch x; git tag", "no-touch"),
        ("git tag", None),
        ("cd {other} && git status; cd {third} && ls", None),
    ],
)
def test_s4_a_line_is_judged_by_the_rules_of_each_repository_that_it_runs_in(
    judge: Callable[..., dict[str, Any]], tmp_path: Path, line: str, rule: str | None
) -> None:
    for name, text in {"other": "no-tag, commands: [git], conditions: [{command_contains: tag}]",
                       "third": "no-touch, commands: [touch]"}.items():  # fmt: skip
        made = f"version: 1\nrules:\n  - {{name: {text}, action: deny, message: No.}}\n"
        subprocess.run(["git", "init", "-q", tmp_path / name], check=True)
        os.makedirs(tmp_path / name / "sub")
        write(str(tmp_path / name / ".safeshell/rules.yaml"), made)
    found = judge(line.format(other=tmp_path / "other", third=tmp_path / "third"))
    assert found["rule"] == rule


def test_a_line_that_nobody_waits_for_is_dropped(loops: Loops, home: Home) -> None:
    loop, executor = loops
    lines = Lines(home, executor, loop)
    found: list[str] = []
    lines.judge(Line(b"ls", True, b"", b"/", (), (), lambda _value, reason: found.append(reason), lambda: True))
    assert not found
    assert lines.describe() == {"pid": None, "requests": 1, "restarts": 0}


def test_a_helper_that_cannot_be_started_is_said(loops: Loops, home: Home) -> None:
    loop, executor = loops
    found: list[Any] = []
    lines = Lines(home, executor, loop, (f"{home.root}/helper",))
    lines.judge(Line(b"ls", True, b"", b"/", (), (), lambda value, _reason: found.append(value), lambda: False))
    error = "its parser can't be started: No such file or directory"
    assert [(one["rule"], one["decision"]) for one in found] == [("line-overrun", "deny")]
    assert found[0]["message"].startswith(f"This line can't be judged: {error} (see `safeshell doctor`).")
    assert lines.describe() == {"pid": None, "requests": 1, "restarts": 0, "error": error}


def test_the_helper_maps_the_daemons_own_tables(daemon: Daemon, judge: Callable[..., dict[str, Any]]) -> None:
    os.truncate(daemon.home.tables, 100)
    assert judge("rm precious")["decision"] == "deny"
    maps = Path(f"/proc/{lines(daemon)['pid']}/maps").read_text()
    (mapping,) = [line.split() for line in maps.splitlines() if "memfd:safeshell-table" in line]
    assert mapping[1] == "r--p"
    own = Path(f"/proc/{daemon.pid}/maps").read_text().splitlines()
    assert mapping[3:5] in [line.split()[3:5] for line in own if "memfd:safeshell-table" in line]  # the same inode


def test_what_is_not_the_table_in_force_is_said(home: Home) -> None:
    from safeshell.errors import TableError
    from safeshell.policy.store.memory import create
    from safeshell.shell.worker import Tables

    current, sections = read_current(home.tables, [home.rules])[0][home.rules]
    path = f"/proc/self/fd/{sections.descriptor}"
    assert [loaded.digest for loaded in Tables().get([(current.digest, "/", path)])] == [current.digest]
    unsealed = create()
    for wanted, message in (
        (("0" * 64, "/", path), "not in /proc/self/fd/"),
        ((current.digest, "/", f"/proc/self/fd/{unsealed}"), "ended early"),
        ((current.digest, "/", f"{home.root}/no"), f"can't map the rules in force from {home.root}/no"),
    ):
        with pytest.raises(TableError, match=message):
            Tables().get([wanted])
    os.close(unsealed)


def test_who_asked_about_a_line_is_recorded(judge: Callable[..., dict[str, Any]], shims: Home) -> None:
    def contexts() -> list[str]:
        with open(shims.audit, encoding="ascii") as stream:
            return [record["context"] for record in map(json.loads, stream) if record.get("kind") == "line"]

    for more in ({}, {"SAFESHELL_CONTEXT": "ai"}):
        assert judge("rm precious", **more)["decision"] == "deny"
    until(lambda: len(contexts()) == 2, "the records")
    assert contexts() == ["human", "ai"]


def test_the_helper_knows_the_daemons_temporary_directory_and_little_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    monkeypatch.setenv("TMPDIR", "/scratch")
    assert line_service._environment().keys() == {"HOME", "PATH", "TMPDIR"}
    assert line_service._environment()["TMPDIR"] == "/scratch"
    monkeypatch.delenv("TMPDIR")
    assert line_service._environment().keys() == {"HOME", "PATH"}
