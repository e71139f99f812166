"""Step `decide`: every spelling of the command by the policy of its own directory; the most restrictive decides."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from safeshell.command import canary
from safeshell.command.unwrap import Spelling
from safeshell.daemon.core.aside import Aside
from safeshell.daemon.observe.tally import Tally
from safeshell.daemon.request import DENIED, FAILED, Request
from safeshell.daemon.sources.line_jobs import Line, decision_of
from safeshell.daemon.sources.line_service import Lines
from safeshell.daemon.sources.policy_source import Policies, Rules
from safeshell.daemon.sources.sessions import Sessions
from safeshell.daemon.steps import GO_ON, WAIT
from safeshell.daemon.steps.look import read_facts
from safeshell.home.paths import Home
from safeshell.hooks.agent import dialect_of
from safeshell.policy.composition import Judgement, judge_all
from safeshell.policy.decision import Action
from safeshell.policy.decision_cache import Policy
from safeshell.policy.distant import Asked, DistantFacts
from safeshell.policy.facts import UNDECIDED, RequestFacts
from safeshell.protocol import Type

PLACES_MAX = 64
"""Sets of repositories' rules that the commands of one line may be under."""


class Decide:
    """Decides requests.

    Args:
        policies: the tables.
        lines: judges shell lines, in another process.
        aside: asks mounts that may not answer.
        tally: counts decisions.
        home: whose daemon it is.
        sessions: know where agents' sessions began.
        resume: goes on with a request that waited, at a step.
    """

    def __init__(
        self,
        policies: Policies,
        lines: Lines,
        aside: Aside,
        tally: Tally,
        home: Home,
        sessions: Sessions,
        resume: Callable[[Request, str], None],
    ) -> None:
        self._home = home
        self._aside = aside
        self._policies = policies
        self._lines = lines
        self._tally = tally
        self._sessions = sessions
        self._resume = resume

    def run(self, request: Request) -> str:
        """Decides; a shell line is waited for."""
        command = request.command
        assert command is not None
        policy = self._policies.policy(request.rules)
        if policy is None:
            reason = self._policies.error or "no rules have been compiled"
            return request.refuse(FAILED, f"no rules are in force: {reason}")
        request.policy = policy
        if command.kind in (Type.EVALUATE_LINE, Type.HOOK, Type.SHELL):
            return self._judge_line(request)
        if policy.asks_project and request.directory is not None:
            context, pid = request.facts.context, request.connection.pid
            request.facts.began_in(self._sessions.of_command(pid, context, request.directory))
        misses = policy.misses
        if request.rules_of:
            if command.arguments == canary.ARGUMENTS and command.kind == Type.EXECUTE:
                request.canary = True
                return request.refuse(DENIED, canary.answer(self._home.root))
            self._decide_spellings(request)
        else:
            request.decision = decision = policy.decide(request.base, command.arguments, request.facts)
            request.decisions = (decision,)
        distant = request.facts.distant
        if distant is not None and distant.deferred:
            return self._read_aside(request, distant)
        request.cached = policy.misses == misses
        if request.redirected is None and request.grant is None:  # else it has been counted
            self._tally.decided(request.decision)
        return GO_ON

    def _read_aside(self, request: Request, distant: DistantFacts) -> str:
        """Has the facts read by another process, and decides again; a fact without an answer is undecided."""
        deferred, distant.deferred = distant.deferred, {}
        waiting = 0

        def answer(asked: Iterable[Asked], found: object, answered: bool) -> None:
            nonlocal waiting
            distant.known.update(found if answered and isinstance(found, dict) else dict.fromkeys(asked, UNDECIDED))
            waiting -= 1
            if not waiting:
                self._resume(request, "decide")

        for point, asked in deferred.items():
            if self._aside.ask(point, functools.partial(read_facts, asked), functools.partial(answer, asked)):
                waiting += 1
            else:
                distant.known.update(dict.fromkeys(asked, UNDECIDED))
        return WAIT if waiting else "decide"

    def lifted_by(self, request: Request) -> str:
        """Names the edit that waits for a person, where it would have the command restricted less; else ""."""
        command, edits = request.command, self._policies.edits
        if edits.held is None or command is None:
            return ""
        known: dict[Rules, Policy | None] = {}

        def policy_of(rules: Rules) -> Policy | None:
            if rules not in known:
                now = self._policies.policy(rules)
                known[rules] = now and edits.policy(now.tables, self._policies.user.table)
            return known[rules]

        policy = policy_of(request.rules)
        if policy is None:
            return ""
        facts = RequestFacts(
            command.environment,
            request.directory,
            edits.context(request.facts.context),
            descriptor=request.facts.descriptor,
            prefix=request.facts.prefix,
            distant=request.facts.distant,
        )
        if request.facts.session is not None:
            facts.began_in(request.facts.session)
        if not request.rules_of:
            found = policy.decide(request.base, command.arguments, facts)
        else:
            found = _judge(request, facts, lambda rules: policy_of(rules) or policy).decision
        return "" if found.action <= request.decision.action else edits.held.would_lift

    def _decide_spellings(self, request: Request) -> None:
        judged = _judge(request, request.facts, lambda rules: self._policies.policy(rules) or request.policy)
        request.decision, request.decisions = judged.decision, judged.decisions

    def _judge_line(self, request: Request) -> str:
        command, connection = request.command, request.connection
        assert command is not None
        directory = request.directory if request.same_view else None
        acts = command.kind != Type.EVALUATE_LINE
        if directory is None:
            return request.refuse(FAILED, "a shell line can't be judged here: the directory can't be seen")

        def answer(found: dict[str, Any] | None, reason: str) -> None:
            if found is None:
                request.refuse(FAILED, reason)
                self._resume(request, "finish")
            elif "wanted" in found:
                self._resume(request, _ask_for(request, found["wanted"]))
            elif (lifting := self._line_by_edit(line, found, finish)) is not None:
                self._lines.judge(lifting)
            else:
                finish(found)

        def finish(found: dict[str, Any]) -> None:
            request.line, request.decision = (line, found), decision_of(found, line.agent)
            if request.grant is None and not request.canary:  # else it has been counted
                self._tally.line(request.decision.action)
            if acts:
                request.decisions = (request.decision,)
                self._resume(request, "act")
                return
            request.result = found
            self._resume(request, "finish")

        request.canary = command.arguments == canary.LINE_ARGUMENTS
        line = Line(
            command.arguments[:-1],
            request.is_ai,
            command.environment[1:],
            directory,
            self._policies.settings.markers,
            request.policy.tables,
            answer,
            lambda: connection.closed,
            shell="bash" if request.hook is None else dialect_of(request.hook.agent, request.hook.shell),
            agent="" if request.hook is None else request.hook.agent.name,
            acts=acts,
            rules=request.rules,
            files=None if request.hook is None else request.hook.files,
            is_line=request.hook is None or request.hook.is_line,
            session=self._session(request, directory),
            elsewhere={rules: (self._policies.policy(rules) or request.policy).tables for rules in request.rules_of},
        )
        self._lines.judge(line)
        return WAIT

    def _session(self, request: Request, directory: bytes) -> bytes:
        """Where the session began that a line is of; b"" where that is where it runs, as far as any rule asks."""
        hook, pid = request.hook, request.connection.pid
        if hook is not None:
            return self._sessions.of_hook(pid, hook.session, hook.base or directory)
        if not request.policy.asks_project:
            return b""
        return self._sessions.of_command(pid, request.facts.context, directory)

    def _line_by_edit(self, line: Line, found: dict[str, Any], finish: Callable[[dict[str, Any]], None]) -> Line | None:
        """The line as the edit that waits for a person would have it judged, where it is restricted; else None.

        Args:
            line: it, as it was judged.
            found: what came of that.
            finish: takes that once it names the edit, if the edit would lift it.
        """
        edits = self._policies.edits
        held, policy = edits.held, edits.policy(line.tables, self._policies.user.table)
        action = Action[found["decision"].upper()]
        if held is None or policy is None or action is Action.ALLOW:
            return None

        def answer(otherwise: dict[str, Any] | None, _reason: str) -> None:
            if otherwise is not None and "decision" in otherwise and Action[otherwise["decision"].upper()] > action:
                found["message"] = f"{found['message']} ({held.would_lift})"
            finish(found)

        markers = self._policies.settings.markers if held.markers is None else held.markers
        return line._replace(tables=policy.tables, markers=markers, answer=answer)


def _ask_for(request: Request, wanted: Sequence[Sequence[str]]) -> str:
    """Has a line judged by other repositories' rules, too; returns the step to go to."""
    others = [tuple([path.encode("latin-1") for path in rules]) for rules in wanted]
    request.rules_of = tuple(dict.fromkeys((*request.rules_of, *others)))
    if len(request.rules_of) > PLACES_MAX:
        return request.refuse(FAILED, f"the line runs commands under the rules of more than {PLACES_MAX} repositories")
    return "refresh"


def _judge(request: Request, facts: RequestFacts, policy_of: Callable[[Rules], Policy]) -> Judgement:
    """Decides every spelling by the policy of its own directory; `facts` are the command's own."""
    first = request.spellings[0]
    rules = {id(spelling): its for spelling, its in zip(request.spellings, request.rules_of, strict=True)}
    return judge_all(
        request.spellings,
        lambda spelling: facts if spelling is first else _facts(spelling, first, facts),
        lambda spelling, its: policy_of(rules[id(spelling)]).decide(spelling.name, spelling.arguments, its),
    )


def _facts(spelling: Spelling, original: Spelling, facts: RequestFacts) -> RequestFacts:
    """A spelling's facts: in its own directory and environment, in the context of whoever asked."""
    stayed = spelling.directory is not None and spelling.directory == original.directory
    made = RequestFacts(
        spelling.environment,
        spelling.directory,
        facts.context,
        descriptor=facts.descriptor if stayed else None,
        prefix=facts.prefix,
        asker=original.environment,
        git_environment=spelling.git_environment,
        distant=facts.distant,
    )
    if facts.session is not None:
        made.began_in(facts.session)
    return made
