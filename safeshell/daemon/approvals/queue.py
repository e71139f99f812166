"""Commands that wait for a person's word."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from safeshell.command.unwrap.timeouts import shortest_timeout
from safeshell.daemon.approvals.eligibility import why_not_eligible
from safeshell.daemon.approvals.grants import Grant, Grants, shortest_prefix
from safeshell.daemon.approvals.lines import ApprovedLines
from safeshell.daemon.approvals.notify_hook import Notifier
from safeshell.daemon.approvals.numbers import next_number
from safeshell.daemon.approvals.pin import Pins
from safeshell.daemon.approvals.shown import TOO_LONG, describe, is_cut
from safeshell.daemon.core.connection import Connection
from safeshell.daemon.core.loop import Loop, Timer
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.observe.subscribers import Monitors, encode
from safeshell.daemon.request import NEEDS_APPROVAL, Request
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.paths import Home
from safeshell.home.person import agents_process
from safeshell.host.process import ancestry
from safeshell.host.process.own import Own
from safeshell.host.process.terminals import who_types
from safeshell.policy.context import Context
from safeshell.text import printable

FOR_5_MINUTES_S = 300.0

LATE_S = 600.0
"""How long a request that ran out of time can still be approved; and then, how long that waits for an equal one."""

LATE_MAX, LATE_BYTES = 64, 256 << 10
"""Such requests kept, and how long one may be."""

WORDS_MAX = 2000
"""Characters that a person may say with a denial."""

Say = Callable[[dict[str, Any]], None]
"""Answers who answers."""


class Pending(NamedTuple):
    """A command that waits."""

    number: int
    request: Request
    asker: ancestry.Process
    since: float
    seconds: float
    timer: Timer
    until: float = 0.0


class Approvals:
    """Keeps commands waiting until somebody answers, time runs out or the caller goes away.

    Attributes:
        lines: what agents' lines were approved, and are asked about by their own prompts.
    """

    def __init__(
        self,
        home: Home,
        policies: Policies,
        loop: Loop,
        own: Own,
        monitors: Monitors,
        pins: Pins,
        notifier: Notifier,
        journal: Journal,
        resume: Callable[[Request, str], None],
    ) -> None:
        self._home = home
        self._policies = policies
        self._loop = loop
        self._own = own
        self._monitors = monitors
        self._pins = pins
        self._notifier = notifier
        self._journal = journal
        self._resume = resume
        self._grants = Grants()
        self.lines = ApprovedLines(policies, pins, journal, self._within_reach)
        self._pending: dict[int, Pending] = {}
        self._late: dict[int, Pending] = {}

    def __len__(self) -> int:
        return len(self._pending)

    # Asking

    def covers(self, request: Request) -> bool:
        """Whether a request was approved before."""
        self._look(request)
        return self._grants.covers(request) or self.lines.covers(request)

    def _look(self, request: Request) -> None:
        """Asks the kernel whether an agent started who asks: its shell may have taken the marker out."""
        request.by_agent = bool(agents_process(request.connection.pid, Context(self._policies.settings.markers)))

    def let_inside(self, request: Request, pid: int) -> None:
        """Lets what was approved, and runs as `pid`, run what it was approved to run."""
        self._grants.open_inside(request, pid)

    def ask(self, request: Request) -> str:
        """Lets a command wait for an approval; returns why it can't, or "": its request is resumed then."""
        decision, connection = request.decision, request.connection
        where = decision.cited
        self._look(request)
        if request.is_agents and not self._within_reach():
            request.approval = _outcome(0, "unreachable")
            why = f"{where} requires approval, and nobody who could give it is within reach: {decision.message}"
            todo = "ask the person you work for to run it or to start `safeshell monitor`; then try again"
            if request.hook is not None:  # its answer is all that the agent is told
                return f"{why} ({todo})"
            connection.notice(f"safeshell: {why}")
            return todo
        asker = ancestry.read(connection.pid)
        if asker is None:
            return f"{where} requires approval, and who asks is gone"
        try:
            number = next_number(self._home)
        except OSError as error:
            return (
                f"{where} requires approval, and can't ask for it: can't write {self._home.approvals}: {error.strerror}"
            )
        # As natively, whoever gives a command so long has its answer by then.
        seconds = min(self._policies.settings.approval_timeout_ms / 1000, shortest_timeout(request.spellings))
        if request.hook is not None:
            seconds = min(seconds, request.hook.patience_s)
        elif request.held is not None and request.held.patience_ms:
            seconds = min(seconds, request.held.patience_ms / 1000)
        timer = self._loop.call_later(seconds, lambda: self._expire(number))
        pending = self._pending[number] = Pending(number, request, asker, time.time(), seconds, timer)
        request.tell_waiting()
        if request.hook is None:  # whose agent shows nothing before the end
            self._say_waiting(request, number, seconds)
        description = describe(pending.number, pending.request, pending.since, pending.seconds)
        self._monitors.publish("pending", description)
        if self._notifier.is_set:  # it may well send it to a chat; who approves is shown all of it
            self._notifier.tell(self._journal.without_secrets(description), request.asked.environment)
        return ""

    @staticmethod
    def _say_waiting(request: Request, number: int, seconds: float) -> None:
        connection, decision = request.connection, request.decision
        connection.notice(f"safeshell: {decision.cited} requires approval: {decision.message}")
        connection.notice(
            f"safeshell: waiting up to {seconds:.0f} s for it (`safeshell monitor`, "
            f"or `safeshell approvals approve {number}` in another terminal)"
        )
        if is_cut(request):
            connection.notice(f"safeshell: {TOO_LONG}: put what is long into a file")

    def _within_reach(self) -> bool:
        return bool(len(self._monitors)) or self._pins.enrolled or self._notifier.is_set

    def _expire(self, number: int) -> None:
        pending = self._pending[number]
        self._settle(pending, "expired")
        self._keep_late(pending)
        message = pending.request.decision.message
        self._refuse(pending, f"requires approval, and none came in {pending.seconds:.0f} s: {message}", "expired")

    def withdraw(self, connection: Connection) -> None:
        """The caller has gone: nothing runs for it any more."""
        for pending in list(self._pending.values()):
            if pending.request.connection is connection:
                self._settle(pending, "withdrawn")
                self._keep_late(pending)
                self._journal.approval(pending.request, pending.number, "withdrawn")

    def end(self) -> None:
        """Lets nobody wait any longer: the daemon ends."""
        for pending in list(self._pending.values()):
            self._settle(pending, "withdrawn")
            self._refuse(pending, "requires approval, and the daemon ends while it waits: run it again", "withdrawn")

    def _refuse(self, pending: Pending, why: str, answer: str, **more: object) -> None:
        request, decision = pending.request, pending.request.decision
        request.approval = _outcome(pending.number, answer, **more)
        step = request.refuse(NEEDS_APPROVAL, f"{decision.cited} {why}")
        self._resume(request, step)

    def _keep_late(self, pending: Pending) -> None:
        """An agent that gave up may try again: what a person says until then still counts."""
        command = pending.request.asked
        if len(command.arguments) + len(command.environment) > LATE_BYTES:
            return
        while len(self._late) >= LATE_MAX:
            del self._late[next(iter(self._late))]
        self._late[pending.number] = pending._replace(until=time.monotonic() + LATE_S)

    def _settle(self, pending: Pending, how: str, **more: object) -> None:
        del self._pending[pending.number]
        pending.timer.cancel()
        self._monitors.publish("settled", {"id": pending.number, "how": how, **more})

    # Answering

    def answer(self, connection: Connection, value: dict[str, Any], say: Say) -> None:
        """Does what a monitor or `safeshell approvals` asks for.

        Args:
            connection: who asks.
            value: `do` is `list`, `approve`, `deny` or `enroll`; docs/protocol.md has the rest.
            say: takes the answer, once: `ok`, and `reason` where it is false.
        """
        deed = value.get("do")
        if deed == "list":
            say({"ok": True, "pending": self.pending(), "enrolled": self._pins.enrolled})
        elif deed == "enroll":
            self._enroll(connection, value, say)
        elif deed in ("approve", "deny"):
            self._verdict(connection, value, say, approved=deed == "approve")
        else:
            say({"ok": False, "reason": "`do` is list, approve, deny or enroll"})

    def pending(self) -> list[dict[str, Any]]:
        """What waits, the oldest first."""
        return [
            describe(pending.number, pending.request, pending.since, pending.seconds)
            for pending in self._pending.values()
        ]

    def why_not_eligible(self, connection: Connection, requester: ancestry.Process | None) -> str:
        """Why this connection's process may not answer, or ""."""
        markers = self._policies.settings.markers
        return why_not_eligible(connection.pid, connection.pidfd, requester, self._own, markers)

    def _enroll(self, connection: Connection, value: dict[str, Any], say: Say) -> None:
        problem = self.why_not_eligible(connection, None)
        if problem:
            self._journal.refused_approver(connection, None, "enroll", problem)
            say({"ok": False, "reason": problem})
            return

        def take(problem: str) -> None:
            if problem:
                self._journal.refused_approver(connection, None, "enroll", problem)
            say({"ok": not problem, "reason": problem})

        self._pins.enroll(value.get("pin"), value.get("old"), take)

    def _verdict(self, connection: Connection, value: dict[str, Any], say: Say, *, approved: bool) -> None:
        problem = _problem(value)
        if problem:
            say({"ok": False, "reason": problem})
            return
        pending = self._pending.get(value["id"])
        if pending is None and approved and value.get("for", "once") == "once":
            pending = self._late.get(value["id"])
            pending = pending if pending is not None and time.monotonic() < pending.until else None
        if pending is None:
            say(
                {
                    "ok": False,
                    "reason": f"nothing waits under {value['id']}: answered, or its caller has gone",
                }
            )
            return
        request = pending.request
        if approved and is_cut(request):
            say({"ok": False, "reason": TOO_LONG})
            return
        least = shortest_prefix(request)
        if 0 < value.get("prefix", 0) < least:
            say({"ok": False, "reason": f"the prefix takes at least {least} words: no fewer tell what is run"})
            return
        problem = self.why_not_eligible(connection, pending.asker)
        if problem:
            self._journal.refused_approver(connection, request, value["do"], problem)
            say({"ok": False, "reason": problem})
            return

        def take(problem: str) -> None:
            number, late = pending.number, self._late.get(pending.number) is pending
            if not problem and not late and self._pending.get(number) is not pending:
                problem = "it was answered, or its caller has gone"
            elif problem:
                self._journal.refused_approver(connection, request, value["do"], problem)
            if not problem and late:
                self._approve_late(pending, connection, value)
            elif not problem:
                self._decide(pending, connection, value, approved=approved)
            note = "" if problem or "pin" not in value else self._pins.note
            say({"ok": not problem, "reason": problem, "id": number, "late": late and not problem, "note": note})

        if not request.is_agents or (self._monitors.is_trusted(connection) and not _who_types(connection)):
            take("")
        elif "pin" not in value and self._pins.enrolled:
            say({"ok": False, "reason": "it takes the PIN", "needs_pin": True})
        else:
            self._pins.check(value.get("pin"), take)

    def _decide(self, pending: Pending, connection: Connection, value: dict[str, Any], *, approved: bool) -> None:
        request = pending.request
        words = printable(value.get("words", "").strip())
        self._settle(pending, "approved" if approved else "denied", words=words, by=connection.pid)
        if not approved:
            said = f": {words}" if words else ""
            why = f"requires approval, and a person denied it{said}"
            self._refuse(pending, why, "denied", words=words, by=connection.pid)
            return
        span = value.get("for", "once")
        if span != "once":
            seconds = FOR_5_MINUTES_S if span == "5m" else None
            self._grants.remember(request, prefix=value.get("prefix", 0), seconds=seconds)
        self._journal.approval(request, pending.number, "approved", words=words, by=connection.pid, span=span)
        request.grant = Grant.of(request)
        request.patient = True  # what it was decided by may have been given up on; now it is looked at again
        self._resume(request, "borrow")

    def _approve_late(self, pending: Pending, connection: Connection, value: dict[str, Any]) -> None:
        """Who asked has stopped waiting: the next equal request is what runs."""
        del self._late[pending.number]
        self._grants.remember_once(pending.request, LATE_S)
        words = printable(value.get("words", "").strip())
        self._journal.approval(pending.request, pending.number, "approved", words=words, by=connection.pid, span="next")

    # Monitors

    def watch(self, connection: Connection, value: dict[str, Any]) -> None:
        """Takes a monitor in and tells it what is pending."""
        edits = self._policies.edits

        def take(problem: str, each: str = "") -> None:
            if connection.closed:
                return
            if problem and "pin" in value and not each:
                self._journal.refused_approver(connection, None, "monitor", problem)
            self._monitors.add(connection, trusted=not problem)
            connection.send(
                encode(
                    "hello",
                    {
                        "trusted": not problem,
                        "each": bool(each),
                        "reason": problem,
                        "note": "" if problem else self._pins.note,
                        "enrolled": self._pins.enrolled,
                        "pending": self.pending(),
                        "held": edits.held and edits.held.describe(),
                    },
                )
            )

        problem = self.why_not_eligible(connection, None)
        typist = "" if problem else _who_types(connection)
        if problem:
            take(problem)
        elif typist and self._pins.enrolled:
            take(f"the PIN is asked for each time, for {typist} could type at this terminal", typist)
        else:
            self._pins.check(value.get("pin"), take)


def _outcome(number: int, answer: str, **more: object) -> dict[str, object]:
    """What came of asking, for the record."""
    return {"id": number, "answer": answer, **{name: value for name, value in more.items() if value}}


def _who_types(connection: Connection) -> str:
    """Who else may type at the terminal of who answers: a PIN that was given there is for one answer."""
    process = ancestry.read(connection.pid)
    return "" if process is None else who_types(process)


def _problem(value: dict[str, Any]) -> str:
    """What is wrong with the form of an answer, or ""."""
    words, span, prefix = value.get("words", ""), value.get("for", "once"), value.get("prefix", 0)
    if type(value.get("id")) is not int:
        return "`id` is the number of what waits"
    if not isinstance(words, str) or len(words) > WORDS_MAX:
        return f"`words` is a text of at most {WORDS_MAX} characters"
    if span not in ("once", "5m", "session"):
        return "`for` is once, 5m or session"
    if type(prefix) is not int or prefix < 0:
        return "`prefix` is a number of words"
    if prefix and span == "once":
        return "`prefix` needs `for`: 5m or session"
    return ""
