"""An older commit's installation is upgraded where it stands, as `pip install -U` does it, while its commands run."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from codeblocks import ROOT
from harness import PATH, daemon_log, environment, run, temporary_directory, until, wait_for, write
from needs import found

from safeshell.client import control, evaluate_line
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.policy.store.reading import read_current
from safeshell.protocol import Type

sys.path.append(str(ROOT / "perf"))

from tree import PARTS, committed_tree, working_tree

OLD = "cfedb53"
"""Hardly one of its modules is where it is now."""

RULES = """\
version: 1
include: [pack:git]
rules:
  - {name: here, commands: [sh], action: allow, execution: in_place, message: m, conditions: [{command_contains: HERE}]}
  - {name: there, commands: [sh, echo], action: allow, execution: daemon, message: m}
  - {name: ask, commands: [touch], conditions: [{command_contains: secret}], action: require_approval, message: Ask.}
  - {name: precious, commands: [rm], conditions: [{command_contains: precious}], action: deny, message: m}
  - {name: made, commands: [mkdir], action: allow, message: m}
"""
EDITED = RULES.replace(
    "{name: made, commands: [mkdir], action: allow", "{name: unmade, commands: [mkdir], action: deny"
)
CONFIG = "agents: {markers: [TESTED_AGENT]}\naudit: all\napproval_timeout: 300s\n"

LASTING = {"in_place": "HERE", "daemon": "there"}
"""By placement, a word of the command that says which it has."""

# All that is done once, beside forty other processes, takes more than a test may.
pytestmark = [pytest.mark.needs(f"commit:{OLD}", "cc"), pytest.mark.timeout(300)]


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    status: int
    out: bytes
    err: bytes


class Upgrade:
    """The upgrade, and what users see of it.

    Attributes:
        served: how an allowed command and a denied one ended, neither ever seen before, by when that was.
        edited: how a command ended that an edit between the two denies, with the new daemon.
        lines: what the daemon said of a denied shell line, by when that was.
        ended: how a command ended that ran all the while, by placement.
        asked: how one ended that waited for a person's word.
        fallback: what the old bash client got from the new daemon; None where that client can't run here.
        pids: of the old daemon and the new.
        fronts: the native front that each of them had loaded.
        circumstances: what the published tables hung on, before and after.
        tables: the digest in force with the new daemon, and the one that was published.
        records: the audit log.
        verified: what `log verify` says of it.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._old = committed_tree(OLD, os.path.join(root, "installed"))
        self._new = working_tree(os.path.join(root, "new"))
        self._home = Home(os.path.join(root, "home"))
        self._home.create()
        write(self._home.rules, RULES)
        write(self._home.config, CONFIG)
        self.served: dict[str, tuple[int, int]] = {}
        self.lines: dict[str, str] = {}
        self.ended: dict[str, Ended] = {}
        self.fallback: bytes | None = None
        self.pids: list[int] = []
        self.fronts: list[str] = []
        self.circumstances: list[Any] = []
        self.tables = "", ""

    def live(self) -> None:
        """All of it."""
        for words in (("compile",), ("shims", "sync"), ("daemon", "start")):
            self.safeshell(*words)
        self._look("before")
        self._note_daemon()
        self._note_tables()
        self._keep_fallback()
        running = {placement: self._start("sh", "-c", self._script(word)) for placement, word in LASTING.items()}
        asking = self._start("touch", "secret")
        _wait_for_line(asking.stderr, b"requires approval")
        for process in running.values():
            _wait_for_line(process.stdout, b"begun")

        for part in PARTS:
            _remove(os.path.join(self._old.root, part))
        self._look("nothing is installed")
        for part in PARTS:
            _copy(os.path.join(self._new.root, part), os.path.join(self._old.root, part))
        self._look("new files, old daemon")
        self._judge_line("new files, old daemon")
        write(self._home.rules, EDITED)
        self._look("new files, old daemon, new rules")

        self.safeshell("daemon", "restart")
        self.asked = _end(asking)
        self._look("new daemon, old shims and tables")
        self._judge_line("new daemon")
        self.edited = until(self._try_edit, "the edit to be in force")
        self._note_daemon()
        self._ask_by_fallback()
        self.safeshell("compile")
        self.safeshell("shims", "sync")
        self._look("after")
        self._note_tables()

        for placement, word in LASTING.items():
            Path(self._root, word).write_text("through\n", encoding="utf-8")
            self.ended[placement] = _end(running[placement])
        with contextlib.suppress(ProcessLookupError):
            assert wait_for(self.pids[0]), "the old daemon stays"
        self.verified = self.safeshell("log", "verify")
        self.records = [json.loads(line) for line in Path(self._home.audit).read_text(encoding="ascii").splitlines()]

    def safeshell(self, *words: str) -> str:
        """Runs what is installed now, as its user would; returns what it says."""
        done = subprocess.run(
            [self._old.python, "-I", "-m", "safeshell.cli.main", *words],
            env={**environment(self._home), "PATH": PATH},
            cwd=self._home.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _look(self, when: str) -> None:
        word = f"line-{len(self.served)}"
        allowed, denied = run(self._home, "echo", word), run(self._home, "rm", "precious", word)
        assert allowed.stdout == f"{word}\n".encode(), (when, allowed.stderr, daemon_log(self._home))
        self.served[when] = allowed.returncode, denied.returncode

    def _try_edit(self) -> int:
        """How a command ends that the edit denies; 0, and that is said, while a busy machine still compiles it."""
        done = run(self._home, "mkdir", "-p", "x")
        assert done.returncode or b"is still being compiled; the last rules stay" in done.stderr, done.stderr
        return done.returncode

    def _judge_line(self, when: str) -> None:
        try:
            self.lines[when] = evaluate_line("rm precious", env={"PATH": PATH}, home=self._home)["decision"]
        except SafeShellError as error:
            self.lines[when] = error.message

    def _note_daemon(self) -> None:
        pid = control(Type.STATUS, home=self._home)["pid"]
        self.pids.append(pid)
        self.fronts.append(until(lambda: _front_of(pid), "the native front"))

    def _note_tables(self) -> None:
        current = read_current(self._home.tables, [self._home.rules])[0][self._home.rules][0]
        assert current.said is not None
        self.circumstances.append(current.said["circumstances"])
        self.tables = control(Type.STATUS, home=self._home)["table"], current.digest

    def _script(self, word: str) -> str:
        pipe = os.path.join(self._root, word)
        os.mkfifo(pipe)
        return f"echo begun; read line <{pipe}; echo $line; echo {word} >&2; exit 7"

    def _start(self, *argv: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            argv,
            env=environment(self._home),
            cwd=self._home.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def _keep_fallback(self) -> None:
        directory = Path(self._root, "fallback")
        directory.mkdir()
        shutil.copy(os.path.join(self._old.root, "shims/safeshell-check"), directory / "echo")
        (directory / "echo").chmod(0o755)

    def _ask_by_fallback(self) -> None:
        if found("nc|socat") and found("bash"):
            path = f"{self._root}/fallback:{PATH}"
            self.fallback = run(self._home, "echo", "by bash", env={"PATH": path}).stdout


def _front_of(pid: int) -> str:
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    mapped = re.search(r"/installed/(\S+/safeshell-front\.so)", maps)
    return mapped[1] if mapped else ""


def _wait_for_line(stream: Any, word: bytes) -> None:
    line = stream.readline()
    assert word in line, line


def _end(process: subprocess.Popen[bytes]) -> Ended:
    out, err = process.communicate(timeout=20)
    return Ended(process.returncode, out, err)


def _remove(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)  # what imports meanwhile may write bytecode into it
    else:
        os.unlink(path)


def _copy(source: str, target: str) -> None:
    if os.path.isdir(source):
        # What was importing when its files went may have made the directory again, for its bytecode.
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


@pytest.fixture(scope="module")
def upgrade() -> Iterator[Upgrade]:
    with temporary_directory() as root:
        made = Upgrade(root)
        try:
            made.live()
            yield made
        finally:
            made.safeshell("daemon", "stop", "--now")


def test_what_runs_ends_with_its_own_status_and_its_output_whole(upgrade: Upgrade) -> None:
    assert upgrade.ended == {
        placement: Ended(7, b"through\n", f"{word}\n".encode()) for placement, word in LASTING.items()
    }


def test_what_waits_for_approval_is_told_to_run_again(upgrade: Upgrade) -> None:
    assert (upgrade.asked.status, upgrade.asked.out) == (77, b""), upgrade.asked.err
    assert upgrade.asked.err.endswith(b"and the daemon ends while it waits: run it again\n")


def test_rules_hold_at_every_moment(upgrade: Upgrade) -> None:
    assert len(upgrade.served) == 6
    assert set(upgrade.served.values()) == {(0, 126)}


def test_an_edit_in_between_holds_with_the_new_daemon(upgrade: Upgrade) -> None:
    assert upgrade.edited == 126


def test_shell_lines_are_not_judged_until_the_daemon_is_restarted_and_that_is_said(upgrade: Upgrade) -> None:
    assert upgrade.lines == {
        "new files, old daemon": "the line parser ended without an answer",
        "new daemon": "deny",
    }


def test_the_new_daemon_has_the_socket_and_runs_the_new_code(upgrade: Upgrade) -> None:
    assert upgrade.pids[0] != upgrade.pids[1]
    assert upgrade.fronts == ["safeshell/native/safeshell-front.so", "safeshell/install/native/safeshell-front.so"]


def test_tables_are_compiled_again(upgrade: Upgrade) -> None:
    before, after = upgrade.circumstances
    assert before != after
    in_force, published = upgrade.tables
    assert in_force == published


def test_the_old_fallback_client_is_served(upgrade: Upgrade) -> None:
    assert upgrade.fallback in (b"by bash\n", None)


def test_nothing_of_the_log_is_lost(upgrade: Upgrade) -> None:
    assert "the chain is whole" in upgrade.verified
    assert [record["seq"] for record in upgrade.records] == list(range(1, len(upgrade.records) + 1))
    lines = [record["argv"] for record in upgrade.records if "argv" in record]
    for number in range(len(upgrade.served)):
        assert ["echo", f"line-{number}"] in lines
        assert ["rm", "precious", f"line-{number}"] in lines
    assert [record["exit"] for record in upgrade.records if record.get("exit") == 7] == [7]  # in place nobody sees it
    assert [record["approval"]["answer"] for record in upgrade.records if "approval" in record] == ["withdrawn"]
