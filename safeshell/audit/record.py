"""Record of a decision, in a form in which it can be decided again (docs/audit.md, "A record").

Bytes that are not UTF-8 are lone surrogates, as `os.fsdecode` makes them, so nothing is lost and no field is of
another type than usual.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from safeshell.audit.outcome import CommandOutcome
from safeshell.audit.record_facts import decoded, shares_world, write_facts
from safeshell.command.unwrap import Spelling
from safeshell.text import text

FORMAT = 1
"""Number of the format, `v` in a record."""

ARGUMENTS_MAX = 64 << 10
"""Bytes of a command's arguments that are recorded; longer ones are cut, for the daemon writes while others wait."""


def make(outcome: CommandOutcome) -> dict[str, Any]:
    """The record of an outcome, without its place in the log. What is empty is left out."""
    decision = outcome.decision
    record: dict[str, Any] = {"ts": timestamp(outcome.ts), "v": FORMAT}
    if outcome.kind != "command":
        record["kind"] = outcome.kind
    if decision is not None:
        record["decision"] = decision.action.word
        if decision.rule:
            record["rule"] = decision.rule
        if decision.source:
            record["source"] = decision.source
        if decision.message:
            record["message"] = decision.message
        if decision.observed:
            record["observed"] = [match.to_json() for match in decision.observed]
    _add_command(record, outcome)
    if outcome.agent:
        record["agent"] = outcome.agent
    if outcome.hook is not None:
        record["hook"] = dict(outcome.hook)
    record["context"] = "ai" if outcome.is_ai else "human"
    if decision is not None and decision.tables:
        record["table"] = "+".join(decision.tables)
    record["uid"] = outcome.uid
    record["pid"] = outcome.pid
    _add_end(record, outcome)
    return record


def timestamp(seconds: float) -> str:
    """A time as RFC 3339 in UTC, always of the same length, so that texts sort as times do."""
    whole, microseconds = divmod(round(seconds * 1_000_000), 1_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{microseconds:06}Z"


def _add_command(record: dict[str, Any], outcome: CommandOutcome) -> None:
    spellings = outcome.spellings
    if spellings:
        record.update(_words(spellings[0]))
    elif outcome.command is not None:
        command = outcome.command
        name = text(os.path.basename(command.name))
        words = _words(Spelling(name, command.arguments, command.environment, outcome.directory))
        if outcome.kind == "line":
            words.pop("name", None)  # its one argument is the line
        record.update(words)
    if outcome.directory is not None:
        record["cwd"] = decoded(outcome.directory)
    if outcome.decisions:
        facts = write_facts(outcome.decisions[: len(spellings) or 1], spellings)
        if facts[0]:
            record["facts"] = facts[0]
        if len(spellings) > 1:
            record["spellings"] = [
                _spelling(spelling, before, its)
                for before, spelling, its in zip(spellings, spellings[1:], facts[1:], strict=False)
            ]
    if spellings and spellings[-1].cut:
        record["cut"] = True


def _add_end(record: dict[str, Any], outcome: CommandOutcome) -> None:
    if outcome.placement:
        record["placement"] = outcome.placement
    if outcome.reason:
        record["reason"] = outcome.reason
    if outcome.wait_status is not None:
        record["exit"] = _exit(outcome.wait_status)
    if outcome.duration_s is not None:
        record["duration_ms"] = round(outcome.duration_s * 1000, 3)
    if outcome.approval:
        record["approval"] = dict(outcome.approval)
    if outcome.error:
        record["error"] = outcome.error


def _exit(wait_status: int) -> int | str:
    status = os.waitstatus_to_exitcode(wait_status)
    if status >= 0:
        return status
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"SIG{-status}"  # a real-time signal between the first and the last has no name


def _words(spelling: Spelling) -> dict[str, Any]:
    arguments = spelling.arguments
    found: dict[str, Any] = {}
    if len(arguments) > ARGUMENTS_MAX:
        found["argv_bytes"] = len(arguments)
        arguments = arguments[:ARGUMENTS_MAX] + b"\0"
    found["argv"] = argv = decoded(arguments).split("\0")[:-1]
    first = spelling.arguments[: spelling.arguments.find(b"\0")]
    if text(os.path.basename(first)) != spelling.name or not argv:
        found["name"] = spelling.name
    return found


def _spelling(spelling: Spelling, before: Spelling, facts: dict[str, Any]) -> dict[str, Any]:
    found = _words(spelling)
    if shares_world(spelling, before):
        return found
    found["own"] = True
    if spelling.directory is not None:
        found["cwd"] = decoded(spelling.directory)
    if facts:
        found["facts"] = facts
    return found
