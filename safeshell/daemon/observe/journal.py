"""What became of commands, for the audit log and the monitors; told after the answer has gone out."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from safeshell.audit.log import AuditLog
from safeshell.audit.outcome import CommandOutcome, Kind, worth
from safeshell.audit.record import FORMAT, make, timestamp
from safeshell.audit.redact import Redactor
from safeshell.daemon.core.connection import Connection
from safeshell.daemon.observe.subscribers import Monitors
from safeshell.daemon.request import Request
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.policy.context import UNKNOWN_AGENT
from safeshell.policy.decision import Action
from safeshell.protocol import encode_line

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.binding import Answered


class Journal:
    """Hears of every command, records what is worth it and shows it to whoever watches."""

    def __init__(self, home: Home, policies: Policies, monitors: Monitors) -> None:
        self._home = home
        self._policies = policies
        self._monitors = monitors
        self._settings = Settings()
        self._log = self._open()

    def _open(self) -> AuditLog:
        settings = self._settings
        redactor = Redactor(settings.redact, known=settings.redact_known)
        return AuditLog(self._home, settings.audit_size, settings.audit_keep, redactor, _warn)

    def apply_settings(self) -> None:
        """Takes up what the settings say now."""
        self._settings, before = self._policies.settings, self._settings
        if self._log_settings(self._settings) != self._log_settings(before):
            self._log.close()
            self._log = self._open()
        self._log.begin()

    @staticmethod
    def _log_settings(settings: Settings) -> tuple[object, ...]:
        return settings.audit_size, settings.audit_keep, settings.redact, settings.redact_known

    def describe(self) -> dict[str, Any]:
        """For `daemon status`."""
        return self._log.status()

    def without_secrets(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """What is told of a command to who may send it on: its secrets taken out as from a record."""
        return self._log.redactor.redact(dict(told))

    # What there is to hear

    def command(self, request: Request, *, by: Answered | None = None) -> None:
        """A command was refused, runs in place, or ran here and ended.

        Args:
            request: what became of it.
            by: who asked, where that isn't who the request is of: the fast path has given its answer again.
        """
        decision = request.decided
        if decision.action is Action.ALLOW and not (decision.observed or request.error) and self.is_quiet:
            return  # most commands: nothing is made for them
        kind: Kind = "error" if request.error else "command" if request.approval is None else "approval"
        status, duration_s = request.wait_status, request.duration_s
        if request.refusal is not None:
            status = request.refusal[0] << 8
        elif by is not None:
            status, duration_s = (by.status, by.duration_ns / 1e9) if by.child else (None, None)
        outcome = self._outcome(kind, request, status, approval=request.approval, error=request.error, by=by)
        placement = "" if request.refusal is not None else request.placement
        reason = "" if request.refusal is not None else request.reason
        self._note(outcome._replace(placement=placement, reason=reason, duration_s=duration_s))

    def failed(self, request: Request) -> None:
        """A command was refused before anything was decided: by what it would have to be judged can't be told."""
        assert request.refusal is not None
        self._note(
            CommandOutcome(
                time.time(),
                "error",
                request.asked,
                is_ai=request.is_ai,
                directory=request.directory,
                uid=request.connection.uid,
                pid=request.connection.pid,
                wait_status=request.refusal[0] << 8,
                error=request.error,
            )
        )

    def approval(self, request: Request, number: int, answer: str, status: int | None = None, **more: object) -> None:
        """A command that needed approval got an answer, or none."""
        wait_status = None if status is None else status << 8
        approval = {"id": number, "answer": answer, **{name: value for name, value in more.items() if value}}
        self._note(self._outcome("approval", request, wait_status, approval=approval))

    def approved_by_line(self, request: Request, by: str) -> None:
        """A command's line was approved.

        Args:
            request: the command's, which never waited and so has no number.
            by: who approved the line, where that isn't who answers requests.
        """
        approval = {"answer": "approved", **({"by": by} if by else {"words": "as its line was"})}
        self._note(self._outcome("approval", request, None, approval=approval))

    def refused_approver(self, connection: Connection, request: Request | None, deed: str, why: str) -> None:
        """Somebody who may not wanted to answer."""
        approval = {"answer": deed, "by": connection.pid, "by_uid": connection.uid, "refused": why}
        if request is not None:
            self._note(self._outcome("refused-approval", request, None, approval=approval))
        else:
            self._note(
                CommandOutcome(
                    time.time(),
                    "refused-approval",
                    uid=connection.uid,
                    pid=connection.pid,
                    approval=approval,
                    error=why,
                )
            )

    def permit(self, connection: Connection, deed: str, problem: str) -> None:
        """An agent's process gave the PIN for what takes a person."""
        if problem:
            self.refused_approver(connection, None, deed, problem)
            return
        approval = {"answer": "permitted", "words": deed, "by": connection.pid, "by_uid": connection.uid}
        self._note(CommandOutcome(time.time(), "approval", uid=connection.uid, pid=connection.pid, approval=approval))

    def edit(self, more: Mapping[str, Any]) -> None:
        """Rules or settings were changed past our commands."""
        record = {"ts": timestamp(time.time()), "v": FORMAT, "kind": "edit", **more}
        self._keep({**record, "uid": os.getuid(), "pid": os.getpid()}, worth_it=True)

    def line(self, request: Request) -> None:
        """A shell line was judged for somebody who asked, or for an agent's hook."""
        assert request.line is not None
        if request.decision.action is Action.ALLOW and self.is_quiet:
            return  # as of a command
        line = request.line[0]
        self._note(
            CommandOutcome(
                time.time(),
                "line" if request.approval is None else "approval",
                request.asked,
                decision=request.decision,
                is_ai=line.is_ai,
                directory=line.directory,
                uid=request.connection.uid,
                pid=request.connection.pid,
                approval=request.approval,
                **_asker(request),
            )
        )

    def not_understood(self, request: Request) -> None:
        """An agent's hook asked, and it can't be told what about, or by which rules."""
        assert request.hook is not None
        connection, error = request.connection, request.error
        self._note(
            CommandOutcome(
                time.time(),
                "error",
                is_ai=True,
                uid=connection.uid,
                pid=connection.pid,
                error=error,
                **_asker(request),
            )
        )

    # What comes of it

    @property
    def is_quiet(self) -> bool:
        """Whether nobody wants to hear of a command that is simply allowed."""
        return not self._settings.audit_all and not self._monitors

    def _outcome(
        self,
        kind: Kind,
        request: Request,
        wait_status: int | None,
        *,
        approval: Mapping[str, Any] | None = None,
        error: str = "",
        by: Answered | None = None,
    ) -> CommandOutcome:
        asker = by or request.connection
        spellings, decisions, decision = request.redirected or (request.spellings, request.decisions, request.decision)
        if request.hook is not None:
            decisions = ()  # of a line, whose facts are its commands'
        return CommandOutcome(
            ts=time.time(),
            kind=kind,
            command=request.asked,
            spellings=tuple(spellings),
            decisions=tuple(decisions),
            decision=decision,
            is_ai=request.is_ai,
            directory=request.directory,
            uid=asker.uid,
            pid=asker.pid,
            wait_status=wait_status,
            approval=approval,
            error=error,
            **_asker(request),
        )

    def _note(self, outcome: CommandOutcome) -> None:
        self._keep(make(outcome), worth_it=worth(outcome, everything=self._settings.audit_all))

    def _keep(self, record: dict[str, Any], *, worth_it: bool) -> None:
        kept = self._log.append(record) if worth_it else None
        if self._monitors:
            self._monitors.publish("decision", kept or self._log.redactor.redact(record))


def _asker(request: Request) -> dict[str, Any]:
    """Which agent asked, as far as that is known, and what its hook said."""
    hook = request.hook
    if hook is not None:
        return {"agent": hook.agent.name, "hook": hook.to_record()}
    is_ai = hasattr(request, "facts") and request.is_ai
    agent = request.facts.context.agent(request.asked.environment) if is_ai else None
    return {} if agent in (None, UNKNOWN_AGENT) else {"agent": agent}


def _warn(text: str) -> None:
    """Says it to whoever started the daemon, a service manager's journal for one, who may have closed that end.

    Past Python's buffer: what can't be written would stay in there, and make the daemon's exit status 120.
    """
    with contextlib.suppress(OSError):
        os.write(2, b"safeshell: " + encode_line(text) + b"\n")
