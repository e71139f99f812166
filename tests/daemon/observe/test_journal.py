"""What is heard of commands becomes records and events: which, of whom, with what, and what never gets out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from daemon.asking import AGENT, Client, ask, compiled

from safeshell.audit.log import AuditLog
from safeshell.command.command_line import block
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.fastpath.binding import Answered
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.observe.subscribers import Monitors
from safeshell.daemon.request import Request
from safeshell.daemon.sources.line_jobs import Line
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.policy import context
from safeshell.policy.decision import Action, Decision
from safeshell.protocol import Command, Type

RULES = """\
  - {name: no, commands: [rm], action: deny, message: No.}
  - {name: ask, commands: [touch], action: require_approval, message: Ask.}
  - {name: looks, commands: [ls], action: deny, observe: true, message: m}
""".replace("name: no,", "name: no-rm,")
SECRET = "ghp_" + "a1B2" * 9


class Bench:
    """A journal, who asks, and a monitor that may be watching."""

    def __init__(self, directory: Path) -> None:
        self.home = Home(str(directory))
        self.loop = Loop()
        self.policies = Policies(self.home, self.loop)
        self.monitors = Monitors()
        self.journal = Journal(self.home, self.policies, self.monitors)
        self.client, self.monitor = Client(self.loop), Client(self.loop)
        self.policy = compiled(directory, RULES)
        self.set()

    def set(self, **settings: Any) -> None:
        self.policies.settings = Settings(**settings)
        self.journal.apply_settings()

    def watch(self) -> None:
        self.monitors.add(self.monitor.connection, trusted=False)

    def ask(self, *argv: str, **options: Any) -> Request:
        return ask(self.client, self.policy, *argv, **options)

    def line(self, decision: Decision) -> Request:
        """A shell line that an agent had judged."""
        request = Request(self.client.connection)
        request.command = request.asked = Command(Type.EVALUATE_LINE, 0, b"sh", block([b"rm x; ls"]), b"\0", 0, 0)
        line = Line(b"rm x; ls", True, b"", b"/work", (), (), lambda _found, _reason: None, lambda: False)
        request.line, request.decision = (line, {}), decision
        return request

    def ran(self, request: Request, placement: str, reason: str = "", status: int | None = None, **more: Any) -> None:
        """A command runs in place, or ran in the daemon and ended with this wait status."""
        request.placement, request.reason, request.wait_status = placement, reason, status
        request.duration_s = None if status is None else 0.25
        self.journal.command(request, **more)

    def refused(self, request: Request, status: int, error: str = "", **more: Any) -> None:
        """A command did not run."""
        request.refuse(status, "no", error=error)
        self.journal.command(request, **more)

    def records(self) -> list[dict[str, Any]]:
        """Those that are new since the last look."""
        if not os.path.exists(self.home.audit):
            return []
        found = [json.loads(line) for line in Path(self.home.audit).read_text(encoding="ascii").splitlines()]
        os.truncate(self.home.audit, 0)
        return found

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(payload) for _kind, payload in self.monitor.frames()]

    def close(self) -> None:
        for client in (self.client, self.monitor):
            client.close()
        self.loop.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def test_what_is_allowed_is_recorded_only_where_everything_is(bench: Bench) -> None:
    bench.ran(bench.ask("echo"), "in_place", "terminal")
    assert bench.records() == []
    bench.set(audit_all=True)
    bench.ran(bench.ask("echo", "x"), "daemon", "", 3 << 8)
    (record,) = bench.records()
    found = {name: record[name] for name in ("decision", "argv", "placement", "exit", "duration_ms", "pid", "uid")}
    assert found == {
        "decision": "allow",
        "argv": ["echo", "x"],
        "placement": "daemon",
        "exit": 3,
        "duration_ms": 250,
        "pid": os.getpid(),
        "uid": os.geteuid(),
    }


def test_what_a_rule_observed_is_recorded_though_it_ran(bench: Bench) -> None:
    bench.ran(bench.ask("ls"), "in_place", "terminal")
    (record,) = bench.records()
    assert (record["decision"], record["reason"]) == ("allow", "terminal")
    assert [entry["rule"] for entry in record["observed"]] == ["looks"]


def test_a_record_names_the_agent_by_its_marker(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.refused(bench.ask("rm", "x", environment=[AGENT + b"=1"]), 126)
    assert "agent" not in bench.records()[0]  # a marker of the user's own says no name
    monkeypatch.setitem(context.KNOWN_AGENTS, AGENT.decode(), "codex")
    bench.refused(bench.ask("rm", "x", environment=[AGENT + b"=1"]), 126)
    bench.refused(bench.ask("rm", "x"), 126)
    by_agent, by_person = bench.records()
    assert (by_agent["agent"], by_agent["context"], "hook" in by_agent) == ("codex", "ai", False)
    assert "agent" not in by_person


def test_a_denial_is_recorded_with_its_status(bench: Bench) -> None:
    bench.refused(bench.ask("rm", "x", environment=[AGENT + b"=1"]), 126)
    (record,) = bench.records()
    assert (record["decision"], record["rule"], record["exit"], record["context"]) == ("deny", "no-rm", 126, "ai")
    assert "kind" not in record


def test_a_failure_of_safeshell_is_recorded_though_the_command_was_allowed(bench: Bench) -> None:
    bench.refused(bench.ask("echo"), 125, "it broke")
    (record,) = bench.records()
    assert (record["kind"], record["decision"], record["error"]) == ("error", "allow", "it broke")


def test_an_answer_given_again_is_of_who_asked_this_time(bench: Bench) -> None:
    bench.refused(bench.ask("rm"), 126, by=Answered(0, 77, 88, 0, 0, 0))
    bench.set(audit_all=True)
    bench.ran(bench.ask("echo"), "daemon", by=Answered(0, 78, 89, 5, 4 << 8, 10**9))
    bench.ran(bench.ask("echo"), "in_place", by=Answered(0, 79, 90, 0, 0, 0))
    denied, ran, in_place = bench.records()
    assert not {"exit", "duration_ms"} & in_place.keys(), "nobody sees it"
    assert [(record["pid"], record["uid"], record["exit"]) for record in (denied, ran)] == [(77, 88, 126), (78, 89, 4)]
    assert ran["duration_ms"] == 1000


def test_an_answer_to_what_waited_is_recorded_with_what_was_said(bench: Bench) -> None:
    bench.journal.approval(bench.ask("touch", "x"), 4, "denied", 77, words="not now", by=99, span="")
    (record,) = bench.records()
    assert (record["kind"], record["exit"]) == ("approval", 77)
    assert record["approval"] == {"id": 4, "answer": "denied", "words": "not now", "by": 99}


def test_one_that_waited_in_vain_is_recorded_as_what_came_of_the_asking(bench: Bench) -> None:
    request = bench.ask("touch", "x")
    request.approval = {"id": 4, "answer": "expired"}
    bench.refused(request, 77)
    (record,) = bench.records()
    assert (record["kind"], record["exit"], record["approval"]) == ("approval", 77, {"id": 4, "answer": "expired"})
    assert "placement" not in record


def test_a_redirect_is_recorded_by_what_was_asked_for(bench: Bench) -> None:
    asked, target = bench.ask("rm", "x"), bench.ask("echo")
    asked.redirected = asked.spellings, asked.decisions, asked.decision
    asked.command, asked.decision = target.command, target.decision
    bench.ran(asked, "daemon", "", 0)
    (record,) = bench.records()
    assert (record["argv"], record["rule"], record["exit"]) == (["rm", "x"], "no-rm", 0)


def test_who_may_not_answer_is_recorded_with_what_was_asked_for_where_there_was_one(bench: Bench) -> None:
    bench.journal.refused_approver(bench.client.connection, bench.ask("touch", "x"), "approve", "no terminal")
    bench.journal.refused_approver(bench.client.connection, None, "enroll", "no terminal")
    of_a_request, of_none = bench.records()
    assert of_a_request["argv"] == ["touch", "x"]
    assert "argv" not in of_none
    for record, deed in ((of_a_request, "approve"), (of_none, "enroll")):
        assert record["kind"] == "refused-approval"
        assert record["approval"] == {
            "answer": deed,
            "refused": "no terminal",
            "by": os.getpid(),
            "by_uid": os.geteuid(),
        }


def test_a_shell_line_is_recorded_where_it_was_restricted(bench: Bench) -> None:
    bench.journal.line(bench.line(Decision(Action.DENY, "rm x", "no-rm", "No.", "r:3", tables=("a", "b"))))
    bench.journal.line(bench.line(Decision(Action.ALLOW, "rm x")))
    (record,) = bench.records()
    assert (record["kind"], record["rule"], record["table"], record["context"]) == ("line", "no-rm", "a+b", "ai")
    assert record["cwd"] == "/work"


def test_monitors_see_what_is_not_recorded(bench: Bench) -> None:
    bench.watch()
    bench.ran(bench.ask("echo", "x"), "in_place", "terminal")
    assert bench.records() == []
    (event,) = bench.events()
    assert (event["event"], event["argv"], event["decision"]) == ("decision", ["echo", "x"], "allow")


@pytest.mark.parametrize("everything", [False, True])
def test_no_secret_gets_out(bench: Bench, everything: bool) -> None:
    bench.set(audit_all=everything)
    bench.watch()
    bench.ran(bench.ask("echo", SECRET), "in_place", "terminal")
    bench.refused(bench.ask("rm", SECRET), 126)
    told = json.dumps([bench.records(), bench.events()])
    assert told.count('"argv"') == (4 if everything else 3)
    assert SECRET not in told


def test_a_pattern_in_the_settings_holds_from_then_on_and_others_leave_the_log_open(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[AuditLog] = []
    close = AuditLog.close

    def note(log: AuditLog) -> None:
        closed.append(log)
        close(log)

    monkeypatch.setattr(AuditLog, "close", note)
    bench.set(audit_all=True)
    assert closed == []
    bench.refused(bench.ask("rm", "house-key"), 126)
    bench.set(redact=(("house", "house-[a-z]+"),))
    assert len(closed) == 1
    bench.refused(bench.ask("rm", "house-key"), 126)
    before, after = bench.records()
    assert before["argv"][1] == "house-key"
    assert "house-key" not in json.dumps(after)


def test_its_state_is_the_logs(bench: Bench) -> None:
    bench.refused(bench.ask("rm"), 126)
    described = bench.journal.describe()
    assert (described["seq"], described["failures"]) == (1, 0)
    assert described["hash"] == bench.records()[0]["hash"]
