"""What happens to a command: judged, refused, asked about, replaced, or run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from safeshell.command.unwrap import UNWRAPPED, FileWorld, Spelling, spellings
from safeshell.daemon.approvals.queue import NEEDS_APPROVAL, Approvals
from safeshell.daemon.core.connection import Connection
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.observe.stopwatch import Untimed
from safeshell.daemon.request import Request
from safeshell.daemon.sources.line_service import Line, Lines
from safeshell.daemon.sources.policy_source import Origin, Policies
from safeshell.daemon.steps.borrow import borrow
from safeshell.daemon.steps.locate import working_directory
from safeshell.daemon.steps.redirect import TRASH, find_target, in_home, target_arguments
from safeshell.daemon.steps.running import DENIED, FAILED, NOT_FOUND, Runner
from safeshell.home.paths import Home
from safeshell.host.path_lookup import Programs
from safeshell.host.process.confinement import Own, inspect, sees_the_same
from safeshell.policy.composition import judge_all
from safeshell.policy.context import Context
from safeshell.policy.decision import Action, Decision
from safeshell.policy.decision_cache import Policy
from safeshell.policy.facts import RequestFacts
from safeshell.protocol import Command, Reply, Type
from safeshell.text import text

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.binding import Answered


class Commands:
    """Judges commands and has them run.

    Attributes:
        decided: decisions by action.
        on_bug: called with what a command that had waited met.
        on_answered: called once a request has been answered, where the same may come again.
        observed: what rules that only observe would have done, by rule and action.
    """

    def __init__(
        self,
        home: Home,
        policies: Policies,
        own: Own,
        programs: Programs,
        lines: Lines,
        runner: Runner,
        approvals: Approvals,
        journal: Journal,
    ) -> None:
        self._home = home
        self._policies = policies
        self._own = own
        self._lines = lines
        self._programs = programs
        self._runner = runner
        self._approvals = approvals
        self._journal = journal
        self._context = Context()
        self.on_bug: Callable[[Connection, Exception], None] = lambda _connection, _error: None
        self.on_answered: Callable[[Request], None] = lambda _request: None
        self.decided: Counter[str] = Counter()
        self.observed: Counter[tuple[str, str]] = Counter()
        self.time(Untimed())

    def apply_settings(self) -> None:
        """Takes up what the settings say now."""
        self._context = Context(self._policies.settings.markers)

    def time(self, timing: Untimed) -> None:
        """Has its stages timed, or no longer."""
        self._decide = timing.deciding(self._decide_all)
        self._judge_again = timing.going_on(self.judge)
        self._go_on = timing.going_on(self._go_on_approved)

    def judge(self, connection: Connection, *, patient: bool) -> None:
        """Decides the command and acts on it; `patient` says whether it may wait for an edit to be compiled."""
        command = connection.command
        assert command is not None
        caller, obstacle = None, ""
        if command.borrow:
            caller = inspect(connection.pid, self._own, connection.pidfd)
            caller, obstacle = borrow(connection, caller, self._own, self._programs)
        descriptor = connection.descriptors[-1] if connection.descriptors else None
        directory: bytes | None
        directory, connection.found = connection.found, b""
        known, same_view, repository = bool(directory), True, None
        if not known:
            same_view = sees_the_same(connection.pid, self._own) if caller is None else caller.same_view
            directory = working_directory(descriptor, connection.pid, same_view=same_view)
            repository = self._policies.repository(directory) if same_view else None
        if patient and not known:
            stale = self._policies.stale(repository)
            if stale is not None:
                self._wait(connection, stale)
                return
        policy = self._policies.policy(repository)
        if policy is None:
            reason = self._policies.error or "no rules have been compiled"
            connection.refuse(FAILED, f"safeshell: no rules are in force: {reason}")
            return
        if command.kind == Type.EVALUATE_LINE:
            self._judge_line(connection, policy, directory if same_view else None, repository)
            return
        facts = RequestFacts(
            command.environment,
            directory,
            self._context,
            descriptor=descriptor,
            prefix=b"" if same_view else b"/proc/%d/root" % connection.pid,
        )
        misses = policy.misses
        found, decisions, decision = self._decide(policy, command, directory, facts)
        request = Request(
            connection, command, same_view, caller, obstacle, directory, policy, facts, found, decisions, decision
        )
        self._count(decision)
        if command.kind == Type.EVALUATE:
            if command.lines:
                self._answer(request)
            else:
                connection.result(decision.to_json(cached=policy.misses == misses))
        elif decision.action is Action.ALLOW:
            self._runner.run(request)
        else:
            self._act(request)
        if connection.frame:
            self.on_answered(request)

    def _count(self, decision: Decision) -> None:
        self.decided[decision.action.word] += 1
        for match in decision.observed:
            self.observed[match.rule, match.action.word] += 1

    def answered(self, request: Request, by: Answered) -> None:
        """Takes note that the native front gave this request's answer again, to somebody else."""
        decision = request.decision
        request.policy.hits += 1
        self._count(decision)
        if decision.action is Action.ALLOW:
            self._runner.ran_again(request, by)
        else:
            self._journal.refused(request, DENIED, by=by)

    def adopt(self, request: Request, child: int, began: float) -> None:
        """Takes over a command that the native front has started by this request's answer (`Runner.adopt`)."""
        request.policy.hits += 1
        self._count(request.decision)
        self._runner.adopt(request, child, began)

    def _judge_line(
        self, connection: Connection, policy: Policy, directory: bytes | None, repository: bytes | None
    ) -> None:
        command = connection.command
        assert command is not None
        if directory is None:
            connection.refuse(FAILED, "safeshell: a shell line can't be judged here: the directory can't be seen")
            return

        def answer(found: dict[str, Any] | None, reason: str) -> None:
            if found is None:
                connection.refuse(FAILED, f"safeshell: {reason}")
                return
            self.decided[found["decision"]] += 1
            connection.result(found)
            self._journal.line(connection, line, command, found)

        line = Line(
            command.arguments[:-1],
            self._context.is_ai(command.environment),
            command.environment[1:],
            directory,
            self._policies.settings.markers,
            None if repository is None else os.fsdecode(repository),
            [(loaded.table.digest, loaded.table.root) for loaded in policy.tables],
            answer,
            lambda: connection.closed,
        )
        self._lines.judge(line)

    def _decide_all(
        self, policy: Policy, command: Command, directory: bytes | None, facts: RequestFacts
    ) -> tuple[Sequence[Spelling], tuple[Decision, ...], Decision]:
        """Decides the command in all its spellings; most have one."""
        name = text(command.name[command.name.rfind(b"/") + 1 :])
        if name not in UNWRAPPED:
            decision = policy.decide(name, command.arguments, facts)
            return (), (decision,), decision
        found = spellings(name, command.arguments, command.environment, directory, FileWorld(facts.prefix))
        if len(found) == 1:
            decision = policy.decide(name, command.arguments, facts)
            return found, (decision,), decision
        judgement = judge_all(
            found,
            lambda spelling: facts if spelling is found[0] else self._facts(spelling, found[0], facts),
            lambda spelling, its: policy.decide(spelling.name, spelling.arguments, its),
        )
        return found, judgement.decisions, judgement.decision

    def _facts(self, spelling: Spelling, original: Spelling, facts: RequestFacts) -> RequestFacts:
        """A spelling's facts: in its own directory and environment, in the context of whoever asked."""
        stayed = spelling.directory is not None and spelling.directory == original.directory
        return RequestFacts(
            spelling.environment,
            spelling.directory,
            self._context,
            descriptor=facts.descriptor if stayed else None,
            prefix=facts.prefix,
            asker=original.environment,
            git_environment=spelling.git_environment,
        )

    def _wait(self, connection: Connection, origin: Origin) -> None:
        """Lets the command wait for a compilation; whoever waited is told what came of it."""
        if not connection.waiting:
            connection.waiting = True
            connection.tell(Reply.WAITING)

        def go_on(ended: bool) -> None:
            if connection.closed:
                return
            if not ended:
                connection.notice(f"safeshell: {origin.rules} is still being compiled; the last rules stay")
            elif origin.notice:
                connection.notice(origin.notice)
            try:
                self._judge_again(connection, patient=ended)
            except Exception as error:  # noqa: BLE001 # one command must not end the daemon for all
                self.on_bug(connection, error)

        self._policies.compile(origin, go_on)

    # What a decision leads to

    def _answer(self, request: Request) -> None:
        """To a script that only asks: whether it would run."""
        action = request.decision.action
        if action is Action.ALLOW:
            request.connection.allow()
        elif action is Action.REDIRECT:
            request.connection.notice(f"safeshell: {_because(request.decision)} runs something else in its place")
            request.connection.allow()
        elif action is Action.REQUIRE_APPROVAL:
            request.connection.refuse(
                NEEDS_APPROVAL,
                f"safeshell: {_because(request.decision)} requires approval: {request.decision.message}",
            )
        else:
            self._deny(request)

    def _act(self, request: Request) -> None:
        action = request.decision.action
        if action is Action.DENY:
            self._deny(request)
        elif action is Action.REQUIRE_APPROVAL:
            self._approvals.ask(request, lambda: self._go_on(request.connection, request))
        else:
            self._redirect(request)

    def _deny(self, request: Request) -> None:
        decision = request.decision
        request.connection.refuse(DENIED, f"safeshell: denied by {_because(decision)}: {decision.message}")
        self._journal.refused(request, DENIED)

    def _go_on_approved(self, connection: Connection, request: Request) -> None:
        """Runs what was approved, if what it was approved for still holds.

        Everything is read again: the caller may have been confined, the rules edited, the branch switched meanwhile.
        """
        same_view = request.same_view
        if request.caller is None:  # what was borrowed stays as it was
            same_view = sees_the_same(connection.pid, self._own)
        facts = RequestFacts(
            request.command.environment,
            request.directory,
            self._context,
            descriptor=request.facts.descriptor,
            prefix=request.facts.prefix,
        )
        repository = self._policies.repository(request.directory) if same_view else None
        policy = self._policies.policy(repository) or request.policy
        _, decisions, decision = self._decide(policy, request.command, request.directory, facts)
        same = all(
            before.facts == now.facts and before.tables == now.tables
            for before, now in zip(request.decisions, decisions, strict=False)
        )
        if same_view != request.same_view or not same or len(decisions) != len(request.decisions):
            connection.refuse(
                NEEDS_APPROVAL,
                f"safeshell: {_because(request.decision)}: approved, but what that hangs on (rules, branch, files or "
                "variables) has changed meanwhile; run it again to ask again",
            )
            self._journal.refused(request, NEEDS_APPROVAL)
            return
        approved = request.copy()
        approved.facts, approved.decision = facts, decision
        self._runner.run(approved)

    def _redirect(self, request: Request) -> None:
        """Runs a rule's target instead, once that has been judged itself."""
        decision = request.decision
        words = target_arguments(decision.redirect_to, request.command.arguments)
        target = Command(
            request.command.kind,
            request.command.flags,
            words[: words.index(b"\0")],
            words,
            request.command.environment,
            request.command.nice,
            request.command.blocked,
            lines=request.command.lines,
            borrow=request.command.borrow,
        )
        *_, judged = self._decide(request.policy, target, request.directory, request.facts)
        if judged.action is Action.REDIRECT:
            message = f"redirects to what {_because(judged)} redirects again"
        elif judged.action is not Action.ALLOW:
            message = f"redirects to what {_because(judged)} would not let run: {judged.message}"
        else:
            message = ""
        program = None if message else find_target(self._programs, target.name, request)
        if program is None:
            message = message or f"redirects to {text(target.name)}, which is not there"
            request.connection.refuse(DENIED, f"safeshell: {_because(decision)} {message}")
            self._journal.refused(request, DENIED, message)
            return
        if target.name == TRASH:
            target.arguments, program = in_home(target.arguments, program, request, self._home)
        request.connection.notice(f"safeshell: redirected by {_because(decision)}: {decision.message}")
        limits = [each for each in (decision.timeout_ms, judged.timeout_ms) if each]
        instead = request.copy()
        instead.command, instead.program, instead.replaced = target, program, True
        instead.decision = decision.changed(timeout_ms=min(limits, default=0))
        self._runner.run(instead)


def _because(decision: Decision) -> str:
    return f"rule {decision.rule} ({decision.source})" if decision.source else decision.rule


__all__ = ["DENIED", "FAILED", "NEEDS_APPROVAL", "NOT_FOUND", "Commands"]
