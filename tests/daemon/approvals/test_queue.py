"""What waits for a person's word, and what a word does: who asks and who answers are real processes, at terminals."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from budget import THOROUGH
from daemon.asking import AGENT, Client, ask, compiled
from e2e.terminal import Terminal
from harness import PATIENCE_S
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safeshell.daemon.approvals import pin as pin_module
from safeshell.daemon.approvals import queue
from safeshell.daemon.approvals.notify_hook import Notifier
from safeshell.daemon.approvals.pin import Pins
from safeshell.daemon.approvals.queue import LATE_S, WORDS_MAX, Approvals
from safeshell.daemon.approvals.shown import SHOWN_MAX
from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.observe.subscribers import Monitors
from safeshell.daemon.request import Request
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.host.process.own import Own
from safeshell.protocol import Reply

RULES = """\
  - {name: force, commands: [git], conditions: [{command_contains: push}], action: require_approval, message: Careful.}
"""
PIN = "correct horse"
IN_AGENT = [AGENT + b"=1"]


class Bench:
    """A queue, whose requests go nowhere but into a list."""

    approver: Client

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.stack = stack
        self.home = Home(str(directory))
        self.loop = Loop()
        stack.callback(self.loop.close)
        self.policies = Policies(self.home, self.loop)
        self.policies.settings = Settings(markers=(AGENT.decode(),))
        self.policy = compiled(directory, RULES)
        self.monitors = Monitors()
        self.pins = Pins(self.home, self.loop)
        self.resumed: list[tuple[Request, str]] = []
        executor = Executor(self.loop)
        stack.callback(os.close, executor._root)
        self.approvals = Approvals(
            self.home,
            self.policies,
            self.loop,
            Own.read(),
            self.monitors,
            self.pins,
            Notifier(self.policies, executor),
            Journal(self.home, self.policies, self.monitors),
            lambda request, step: self.resumed.append((request, step)),
        )

    def client(self, pid: int | None = None) -> Client:
        made = Client(self.loop, pid)
        self.stack.callback(made.close)
        return made

    def process(self) -> int:
        """One without a terminal, in a session of its own."""
        started = self.stack.enter_context(subprocess.Popen(["sleep", "60"], start_new_session=True))
        self.stack.callback(started.kill)
        return started.pid

    def person(self) -> Client:
        """Who answers, at a terminal."""
        shell = self.stack.enter_context(
            Terminal("sh", "-c", "echo up; sleep 60", env={"PATH": "/usr/bin:/bin"}, cwd="/")
        )
        shell.expect("up")
        return self.client(shell.process.pid)

    def request(self, *argv: str, environment: list[bytes] | None = None) -> Request:
        client = self.client(self.process())
        return ask(client, self.policy, *(argv or ("git", "push", "x")), environment=environment or [])

    def waiting(self, *argv: str, environment: list[bytes] | None = None) -> Request:
        made = self.request(*argv, environment=environment)
        assert self.approvals.ask(made) == ""
        return made

    def answer(self, by: Client, **value: Any) -> dict[str, Any]:
        said: list[dict[str, Any]] = []
        self.approvals.answer(by.connection, value, said.append)
        self.run(lambda: bool(said))
        (found,) = said
        return found

    def run(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < deadline, "no answer"
            self.loop.call_later(0.001, self.loop.stop)
            self.loop.run()

    def enroll(self) -> None:
        said: list[str] = []
        self.pins.enroll(PIN, None, said.append)
        self.run(lambda: bool(said))
        assert said == [""]

    def watch(self, by: Client, **value: Any) -> dict[str, Any]:
        """Takes a monitor in; returns what it is told."""
        self.approvals.watch(by.connection, value)
        self.run(lambda: len(self.monitors) > 0)
        return self.events(by)[0]

    def events(self, of: Client) -> list[dict[str, Any]]:
        return [json.loads(payload) for kind, payload in of.frames() if kind == Reply.EVENT]

    def records(self) -> list[tuple[str, str]]:
        """Kind and answer of each record."""
        lines = (
            Path(self.home.audit).read_text(encoding="ascii").splitlines() if os.path.exists(self.home.audit) else []
        )
        return [(record["kind"], record["approval"]["answer"]) for record in map(json.loads, lines)]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(pin_module, "_COST", {"n": 2, "r": 1, "p": 1})
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        yield Bench(tmp_path, stack)
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)


# Asking


def test_who_asks_is_told_to_wait_and_how_it_can_be_answered(bench: Bench) -> None:
    client = bench.client(bench.process())
    request = ask(client, bench.policy, "git", "push")
    assert bench.approvals.ask(request) == ""
    (waiting, _), *notices = client.frames()
    assert waiting == Reply.WAITING
    assert {kind for kind, _ in notices} == {Reply.NOTICE}
    said = "".join(payload.decode() for _, payload in notices)
    assert "rule force (" in said
    assert "requires approval: Careful.\n" in said
    assert "`safeshell approvals approve 1`" in said
    assert request.waiting
    assert len(bench.approvals) == 1
    assert bench.resumed == []


def test_what_waits_is_listed_the_oldest_first_with_what_a_person_has_to_know(bench: Bench) -> None:
    first = bench.waiting("env", "A=1", "git", "push", "x")
    bench.waiting("git", "push", "y")
    one, two = bench.answer(bench.client(), do="list")["pending"]
    assert (one["id"], two["id"]) == (1, 2)
    expected = {
        "argv": ["env", "A=1", "git", "push", "x"],
        "subject": "git push x",
        "rule": "force",
        "message": "Careful.",
        "cwd": "/work",
        "branch": None,
        "context": "human",
        "prefix_min": 4,
        "pid": first.connection.pid,
        "uid": os.geteuid(),
    }
    assert {name: one[name] for name in expected} == expected
    assert one["expires"] - one["since"] == pytest.approx(bench.policies.settings.approval_timeout_ms / 1000)


def test_an_agent_that_nobody_could_answer_is_told_so_at_once(bench: Bench) -> None:
    client = bench.client(bench.process())
    request = ask(client, bench.policy, "git", "push", environment=IN_AGENT)
    assert bench.approvals.ask(request).startswith("ask the person you work for")
    ((kind, payload),) = client.frames()
    assert kind == Reply.NOTICE
    assert b"nobody who could give it is within reach: Careful." in payload
    assert request.approval == {"id": 0, "answer": "unreachable"}
    assert len(bench.approvals) == 0


@pytest.mark.parametrize("reach", ["monitor", "PIN", "notify"])
def test_an_agent_waits_where_somebody_is_within_reach(bench: Bench, reach: str) -> None:
    if reach == "monitor":
        bench.watch(bench.person())
    elif reach == "PIN":
        bench.enroll()
    else:
        bench.policies.settings = bench.policies.settings._replace(notify=("/nonexistent",))
    bench.waiting(environment=IN_AGENT)
    assert len(bench.approvals) == 1


def test_who_has_gone_can_not_ask(bench: Bench) -> None:
    request = bench.request()
    os.kill(request.connection.pid, 9)
    os.waitpid(request.connection.pid, 0)
    assert bench.approvals.ask(request).endswith("who asks is gone")
    assert len(bench.approvals) == 0


# Answering


def test_approved_it_goes_its_way_from_the_start_with_a_grant(bench: Bench) -> None:
    request, monitor = bench.waiting(), bench.person()
    bench.watch(monitor)
    assert bench.answer(bench.person(), do="approve", id=1)["ok"]
    assert bench.resumed == [(request, "borrow")]
    assert request.grant is not None
    assert request.grant.covers(request)
    assert len(bench.approvals) == 0
    assert bench.records() == [("approval", "approved")]
    settled = bench.events(monitor)[0]
    assert (settled["event"], settled["how"]) == ("settled", "approved")
    again = ask(bench.client(request.connection.pid), bench.policy, "git", "push", "x")
    assert not bench.approvals.covers(again), "it was for once"


def test_denied_it_ends_with_the_words_that_were_said(bench: Bench) -> None:
    request = bench.waiting()
    assert bench.answer(bench.person(), do="deny", id=1, words=" not\x1b now ")["ok"]
    assert bench.resumed == [(request, "finish")]
    assert request.refusal is not None
    status, message = request.refusal
    assert status == 77
    assert message.endswith("requires approval, and a person denied it: not\\x1b now")
    assert request.approval is not None
    assert (request.approval["answer"], request.approval["words"]) == ("denied", "not\\x1b now")


def test_who_may_not_answer_changes_nothing_and_is_recorded(bench: Bench) -> None:
    bench.waiting()
    found = bench.answer(bench.client(bench.process()), do="approve", id=1)
    assert found == {"ok": False, "reason": "who answers has no terminal"}
    assert bench.records() == [("refused-approval", "approve")]
    assert len(bench.approvals) == 1


def test_an_agents_request_takes_the_pin(bench: Bench) -> None:
    bench.enroll()
    request, person = bench.waiting(environment=IN_AGENT), bench.person()
    assert bench.answer(person, do="approve", id=1) == {"ok": False, "reason": "it takes the PIN", "needs_pin": True}
    assert bench.answer(person, do="approve", id=1, pin="wrong")["reason"] == "wrong PIN"
    assert bench.answer(person, do="deny", id=1, pin="wrong")["reason"] == "wrong PIN"
    assert bench.resumed == []
    assert bench.answer(person, do="approve", id=1, pin=PIN)["ok"]
    assert bench.resumed == [(request, "borrow")]
    assert bench.records() == [("refused-approval", "approve"), ("refused-approval", "deny"), ("approval", "approved")]


@pytest.fixture
def nobody_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Terminals of the tests have their other end here; those of people may have it where nobody can look."""
    monkeypatch.setattr(queue, "who_types", lambda _process: "")


@pytest.mark.usefixtures("nobody_types")
def test_a_monitor_that_gave_the_pin_needs_it_no_more(bench: Bench) -> None:
    bench.enroll()
    person = bench.person()
    assert bench.watch(person, pin=PIN)["trusted"]
    bench.waiting(environment=IN_AGENT)
    assert bench.answer(person, do="approve", id=1)["ok"]


def test_two_answers_at_once_are_one(bench: Bench) -> None:
    bench.enroll()
    bench.waiting(environment=IN_AGENT)
    said: list[dict[str, Any]] = []
    for deed in ("approve", "deny"):
        bench.approvals.answer(bench.person().connection, {"do": deed, "id": 1, "pin": PIN}, said.append)
    bench.run(lambda: len(said) == 2)
    assert sorted(found["ok"] for found in said) == [False, True]
    assert {"it was answered, or its caller has gone", ""} == {found["reason"] for found in said}
    assert len(bench.resumed) == 1


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"do": "dance"}, "`do` is list, approve, deny or enroll"),
        ({"do": "approve", "id": "1"}, "`id` is the number of what waits"),
        ({"do": "approve", "id": True}, "`id` is the number of what waits"),
        ({"do": "approve", "id": 9}, "nothing waits under 9"),
        ({"do": "deny", "id": 1, "words": "x" * (WORDS_MAX + 1)}, "`words` is a text"),
        ({"do": "approve", "id": 1, "for": "ever"}, "`for` is once, 5m or session"),
        ({"do": "approve", "id": 1, "for": "5m", "prefix": -1}, "`prefix` is a number of words"),
        ({"do": "approve", "id": 1, "prefix": 2}, "`prefix` needs `for`"),
        ({"do": "approve", "id": 1, "for": "5m", "prefix": 1}, "the prefix takes at least 2 words"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_and_it_waits_on(
    bench: Bench, value: dict[str, Any], reason: str
) -> None:
    bench.waiting()
    found = bench.answer(bench.person(), **value)
    assert not found["ok"]
    assert found["reason"].startswith(reason)
    assert len(bench.approvals) == 1


def test_for_five_minutes_and_by_a_prefix_others_are_covered(bench: Bench) -> None:
    bench.waiting("git", "push", "x")
    assert bench.answer(bench.person(), do="approve", id=1, **{"for": "5m", "prefix": 2})["ok"]
    assert bench.approvals.covers(bench.request("git", "push", "elsewhere"))
    assert not bench.approvals.covers(bench.request("git", "-C", "/", "push"))


SURROGATES = st.text(st.characters(categories=["L", "Cs", "Cc"]), max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats() | SURROGATES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SURROGATES, inner, max_size=3),
    max_leaves=6,
)
WAITING = "the number of what waits"
ANSWERS = st.fixed_dictionaries(
    {"do": st.sampled_from(["approve", "deny", "enroll", "list"]) | JSON},
    optional={
        "id": st.just(WAITING) | JSON,
        "for": st.sampled_from(["once", "5m", "session"]) | JSON,
        "prefix": st.integers(-1, 4) | JSON,
        "words": JSON,
        "pin": st.just(PIN) | JSON,
        "old": st.just(PIN) | JSON,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25 * THOROUGH)
@given(values=st.lists(ANSWERS, min_size=8, max_size=8))
def test_s18_whatever_an_approver_says_gets_one_answer(bench: Bench, values: list[dict[str, Any]]) -> None:
    """As the protocol's JSON can say it: nothing raises, everything is answered, once."""
    if not hasattr(bench, "approver"):
        bench.approver = bench.person()
    if not len(bench.approvals):
        bench.waiting(environment=IN_AGENT if bench.pins.enrolled else [])
    number = bench.approvals.pending()[0]["id"]
    for value in values:
        if value.get("id") == WAITING:
            value["id"] = number
        found = bench.answer(bench.approver, **json.loads(json.dumps(value)))
        assert isinstance(found["ok"], bool)
        assert found["ok"] or found["reason"]
    assert not os.path.exists(os.path.join(bench.home.root, "daemon.log"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15 * THOROUGH)
@given(pin=JSON)
def test_s18_whatever_a_monitor_says_gets_its_hello(bench: Bench, pin: Any) -> None:
    client = bench.client(os.getpid())
    bench.approvals.watch(client.connection, {"pin": pin})
    bench.run(lambda: len(bench.monitors) > 0)
    (heard,) = bench.events(client)
    assert (heard["event"], heard["trusted"]) == ("hello", False)
    bench.monitors.remove(client.connection)


# Not answered


def test_who_goes_away_waits_no_more(bench: Bench) -> None:
    first, second = bench.waiting(), bench.waiting()
    bench.approvals.withdraw(first.connection)
    assert [entry["pid"] for entry in bench.approvals.pending()] == [second.connection.pid]
    assert bench.resumed == []
    assert bench.records() == [("approval", "withdrawn")]


def test_a_daemon_that_ends_lets_nobody_wait(bench: Bench) -> None:
    request = bench.waiting()
    bench.approvals.end()
    assert bench.resumed == [(request, "finish")]
    assert request.refusal is not None
    assert request.refusal[1].endswith("the daemon ends while it waits: run it again")
    assert len(bench.approvals) == 0


@pytest.fixture
def expired(bench: Bench) -> Request:
    bench.policies.settings = bench.policies.settings._replace(approval_timeout_ms=1)
    request = bench.waiting()
    bench.run(lambda: bool(bench.resumed))
    return request


def test_time_runs_out(bench: Bench, expired: Request) -> None:
    assert bench.resumed == [(expired, "finish")]
    assert expired.refusal == (
        77,
        f"safeshell: rule force ({bench.home.rules}:3) requires approval, and none came in 0 s: Careful.",
    )
    assert expired.approval == {"id": 1, "answer": "expired"}
    assert len(bench.approvals) == 0


def test_once_it_is_answered_its_time_does_not_run_out(bench: Bench) -> None:
    bench.policies.settings = bench.policies.settings._replace(approval_timeout_ms=1)
    bench.waiting()
    said: list[dict[str, Any]] = []
    bench.approvals.answer(bench.person().connection, {"do": "deny", "id": 1}, said.append)
    later: list[bool] = []
    bench.loop.call_later(0.005, lambda: later.append(True))
    bench.run(lambda: bool(later))
    assert said[0]["ok"]
    assert len(bench.resumed) == 1


@pytest.mark.usefixtures("expired")
def test_approved_too_late_it_is_good_for_the_next_equal_one_once(bench: Bench) -> None:
    found = bench.answer(bench.person(), do="approve", id=1)
    assert (found["ok"], found["late"]) == (True, True)
    assert not bench.approvals.covers(bench.request("git", "push", "y"))
    assert bench.approvals.covers(bench.request())
    assert not bench.approvals.covers(bench.request())
    assert not bench.answer(bench.person(), do="approve", id=1)["ok"], "it was answered"


@pytest.mark.usefixtures("expired")
@pytest.mark.parametrize("value", [{"do": "deny"}, {"do": "approve", "for": "5m"}])
def test_what_ran_out_of_time_can_only_be_approved_once(bench: Bench, value: dict[str, Any]) -> None:
    assert bench.answer(bench.person(), id=1, **value)["reason"].startswith("nothing waits under 1")


@pytest.mark.usefixtures("expired")
def test_long_after_it_can_not_be_approved_any_more(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    person, now = bench.person(), time.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: now + LATE_S)
        said: list[dict[str, Any]] = []
        bench.approvals.answer(person.connection, {"do": "approve", "id": 1}, said.append)
    assert said[0]["reason"].startswith("nothing waits under 1")


# What else people have to be sure of


def test_s9_where_others_can_type_each_answer_takes_the_pin(bench: Bench) -> None:
    bench.enroll()
    person = bench.person()
    told = bench.watch(person, pin=PIN)
    assert (told["trusted"], told["each"]) == (False, True)
    assert f"(process {os.getpid()}) could type at this terminal" in told["reason"]
    bench.waiting(environment=IN_AGENT)
    assert bench.answer(person, do="approve", id=1)["needs_pin"]
    assert bench.answer(person, do="deny", id=1)["needs_pin"]
    assert bench.answer(person, do="approve", id=1, pin=PIN)["ok"]
    bench.waiting(environment=IN_AGENT)
    assert bench.answer(person, do="approve", id=2)["needs_pin"]


def test_s9_also_where_somebody_can_only_later(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.enroll()
    person = bench.person()
    with monkeypatch.context() as patch:
        patch.setattr(queue, "who_types", lambda _process: "")
        assert bench.watch(person, pin=PIN)["trusted"]
    bench.waiting(environment=IN_AGENT)
    assert bench.answer(person, do="approve", id=1)["needs_pin"]


def test_s9_a_persons_takes_none(bench: Bench) -> None:
    bench.enroll()
    bench.waiting()
    assert bench.answer(bench.person(), do="approve", id=1)["ok"]


def started_by_an_agent(bench: Bench, script: str = "env -i sleep 60 & echo $!; wait") -> Client:
    """Who asks: its own environment says nothing, but a shell that started it was an agent's."""
    shell = bench.stack.enter_context(
        subprocess.Popen(
            ["sh", "-c", script],
            env={"PATH": "/usr/bin:/bin", AGENT.decode(): "1"},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    )
    bench.stack.callback(shell.kill)
    assert shell.stdout is not None
    pid = int(shell.stdout.readline())
    bench.stack.callback(os.kill, pid, signal.SIGKILL)
    return bench.client(pid)


@pytest.mark.parametrize(
    "script",
    [
        "env -i sleep 60 & echo $!; wait",
        f"unset {AGENT.decode()}; sh -c 'sleep 60 & echo $!; wait'; exit",
        # In the background, by a shell that has ended: it is in the session still.
        "env -i sh -c 'sleep 60 & echo $!'; sleep 60",
    ],
)
def test_s8_what_an_agents_shell_started_takes_the_pin_whatever_the_request_says(bench: Bench, script: str) -> None:
    bench.enroll()
    request = ask(started_by_an_agent(bench, script), bench.policy, "git", "push", "x")
    assert not request.is_ai, "the rules go by the request"
    assert bench.approvals.ask(request) == ""
    (waiting,) = bench.approvals.pending()
    assert waiting["context"] == "ai"
    assert bench.answer(bench.person(), do="approve", id=1)["needs_pin"]
    assert bench.resumed == []
    assert bench.answer(bench.person(), do="approve", id=1, pin=PIN)["ok"]
    assert bench.resumed == [(request, "borrow")]


def test_s8_and_is_told_at_once_that_nobody_is_within_reach(bench: Bench) -> None:
    request = ask(started_by_an_agent(bench), bench.policy, "git", "push", "x")
    assert bench.approvals.ask(request).startswith("ask the person you work for")


def test_s8_what_was_approved_for_a_person_is_not_for_it(bench: Bench) -> None:
    bench.waiting()
    assert bench.answer(bench.person(), do="approve", id=1, **{"for": "5m"})["ok"]
    assert bench.approvals.covers(bench.request("git", "push", "x"))
    assert not bench.approvals.covers(ask(started_by_an_agent(bench), bench.policy, "git", "push", "x"))


def another_daemon(bench: Bench) -> Approvals:
    executor = Executor(bench.loop)
    bench.stack.callback(os.close, executor._root)
    return Approvals(
        bench.home,
        bench.policies,
        bench.loop,
        Own.read(),
        bench.monitors,
        bench.pins,
        Notifier(bench.policies, executor),
        Journal(bench.home, bench.policies, bench.monitors),
        lambda _request, _step: None,
    )


def test_s10_the_next_daemon_goes_on_counting(bench: Bench) -> None:
    bench.waiting()
    bench.waiting()
    bench.approvals.end()
    bench.approvals = another_daemon(bench)
    bench.waiting()
    assert [entry["id"] for entry in bench.approvals.pending()] == [3]
    assert bench.answer(bench.person(), do="approve", id=1)["reason"].startswith("nothing waits under 1")


@pytest.mark.parametrize("content", ["", "x", "-3", "9" * 30, "\0\0\0", "12 34"])
def test_s10_a_damaged_count_goes_on_far_above_what_was_given(bench: Bench, content: str) -> None:
    Path(bench.home.approvals).write_text(content, encoding="ascii")
    bench.waiting()
    bench.waiting()
    first, second = (entry["id"] for entry in bench.approvals.pending())
    assert second == first + 1
    assert first == 1 if not content else first > 1_700_000_000


def test_s10_without_a_number_of_its_own_nothing_waits(bench: Bench) -> None:
    os.symlink("/nonexistent/x", bench.home.approvals)
    refusal = bench.approvals.ask(bench.request())
    assert f"can't write {bench.home.approvals}: " in refusal
    assert len(bench.approvals) == 0


LONG = {
    "many words": ["x"] * 40_000,
    "a long word": ["x" * (SHOWN_MAX + 1)],
    "quotes that only what is shown has": ["'" * 20_000],
    "blanks": [" " * SHOWN_MAX, "--force"],
}


@pytest.mark.parametrize("how", LONG)
def test_s10_what_people_are_not_shown_whole_is_marked_and_can_not_be_approved(bench: Bench, how: str) -> None:
    bench.enroll()
    client = bench.client(bench.process())
    request = ask(client, bench.policy, "git", "push", *LONG[how])
    assert bench.approvals.ask(request) == ""
    assert b"can't be approved: put what is long into a file" in b"".join(payload for _, payload in client.frames())
    (waiting,) = bench.approvals.pending()
    assert waiting["cut"] is True
    assert len(waiting["command"]) <= SHOWN_MAX
    for value in ({}, {"for": "5m"}, {"for": "session", "prefix": 2}, {"pin": PIN}):
        found = bench.answer(bench.person(), do="approve", id=1, **value)
        assert (found["ok"], "can't be approved" in found["reason"]) == (False, True)
    bench.approvals.withdraw(request.connection)
    assert "can't be approved" in bench.answer(bench.person(), do="approve", id=1)["reason"], "nor late"


def test_s10_it_can_be_denied(bench: Bench) -> None:
    request = bench.waiting("git", "push", "x" * (SHOWN_MAX + 1))
    assert bench.answer(bench.person(), do="deny", id=1)["ok"]
    assert bench.resumed == [(request, "finish")]


def test_s10_what_is_as_long_as_it_may_be_is_shown_whole(bench: Bench) -> None:
    bench.waiting("git", "push", "x" * (SHOWN_MAX - len("git push ") - 1))
    (waiting,) = bench.approvals.pending()
    assert (waiting["cut"], len(waiting["command"])) == (False, SHOWN_MAX - 1)


def test_u16_it_waits_less_than_agents_do(bench: Bench) -> None:
    bench.waiting()
    (waiting,) = bench.approvals.pending()
    assert waiting["expires"] - waiting["since"] == pytest.approx(100)


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        (["timeout", "2"], 2),
        (["env", "A=1", "timeout", "-k", "9", "--signal=KILL", "2.5s", "nice"], 2.5),
        (["timeout", "1m", "timeout", "3"], 3),
        (["busybox", "timeout", "4"], 4),
        (["timeout", "5m"], 100),
        (["timeout", "0"], 100),
        (["timeout", "x"], 100),
        (["timeout", "infinity"], 100),
    ],
)
def test_u16_a_timeout_around_it_bounds_the_wait(bench: Bench, words: list[str], seconds: float) -> None:
    client = bench.client(bench.process())
    assert bench.approvals.ask(ask(client, bench.policy, *words, "git", "push")) == ""
    (waiting,) = bench.approvals.pending()
    assert waiting["expires"] - waiting["since"] == pytest.approx(seconds)
    assert f"waiting up to {seconds:.0f} s for it" in b"".join(payload for _, payload in client.frames()).decode()


def test_s7_after_an_approval_the_rules_are_looked_at_again_though_they_were_given_up_on(bench: Bench) -> None:
    request = bench.waiting()
    request.patient = False  # an edit took too long to compile when it was decided
    assert bench.answer(bench.person(), do="approve", id=1)["ok"]
    assert request.patient


# The PIN and the monitors


def test_the_pin_is_set_at_a_terminal_only(bench: Bench) -> None:
    assert bench.answer(bench.client(bench.process()), do="enroll", pin=PIN)["reason"] == "who answers has no terminal"
    assert not bench.pins.enrolled
    assert bench.answer(bench.person(), do="enroll", pin=PIN)["ok"]
    assert bench.answer(bench.person(), do="enroll", pin="another", old="wrong")["reason"] == "wrong PIN"
    assert bench.records() == [("refused-approval", "enroll")] * 2


def test_a_monitor_is_told_what_waits_and_whether_it_may_answer(bench: Bench) -> None:
    bench.enroll()
    bench.waiting(environment=IN_AGENT)
    told = bench.watch(bench.person())
    assert (told["event"], told["trusted"], told["enrolled"]) == ("hello", False, True)
    assert [entry["id"] for entry in told["pending"]] == [1]


def test_a_monitor_without_a_terminal_may_watch(bench: Bench) -> None:
    bench.enroll()
    told = bench.watch(bench.client(bench.process()), pin=PIN)
    assert (told["trusted"], told["reason"]) == (False, "who answers has no terminal")
    assert bench.records() == [("refused-approval", "monitor")]


def test_s17_the_notify_program_is_told_no_secret_and_who_approves_is_shown_all(tmp_path: Path) -> None:
    token = "gh" + "p_" + "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8aB3dE5gH7"
    with ExitStack() as stack:
        bench = Bench(tmp_path, stack)
        script = tmp_path / "told"
        script.write_text(f"#!/bin/sh\ncat >{tmp_path}/new && mv {tmp_path}/new {tmp_path}/content\n", encoding="utf-8")
        script.chmod(0o755)
        bench.policies.settings = Settings(markers=(AGENT.decode(),), notify=(str(script),))
        bench.waiting("git", "push", f"https://{token}@example.com/x", "--password", "hunter2xyz")
        bench.run((tmp_path / "content").exists)
        told = (tmp_path / "content").read_text(encoding="utf-8")
        assert token not in told
        assert "hunter2xyz" not in told
        assert json.loads(told)["argv"][2:] == [
            "https://[redacted:github-token]@example.com/x",
            "--password",
            "[redacted:option]",
        ]
        (shown,) = bench.answer(bench.person(), do="list")["pending"]
        assert shown["argv"][2:] == [f"https://{token}@example.com/x", "--password", "hunter2xyz"]
