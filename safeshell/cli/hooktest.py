"""`hook test`: is an agent guarded, by what its settings name, called as the agent would."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

import click

from safeshell.cli.agents_lines import AgentsLines
from safeshell.cli.hooklist import wired
from safeshell.cli.output import say
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.hooks.wiring import codex_trust
from safeshell.hooks.wiring.agent import Agent
from safeshell.hooks.wiring.notes import Notes
from safeshell.hooks.wiring.state import MEANINGS, Wired
from safeshell.hooks.wiring.trial import Answer, ask

UNUSABLE = ("none", "broken", "off", "gone")
"""States in which the agent would call nothing that could answer."""


class Verdict(NamedTuple):
    """What came of it.

    Attributes:
        wired: what the settings have.
        guarded: whether the agent would have been kept from the line.
        why: one line.
        line: what was asked about, "" where nothing was.
        answer: what came back, None where nothing was asked.
    """

    wired: Wired
    guarded: bool
    why: str
    line: str = ""
    answer: Answer | None = None


def try_hooks(home: Home, agents: list[Agent], top: str | None, directory: str, as_json: bool) -> int:
    """Tries the hooks of agents: a repository's where its top is given, else the user's.

    Returns:
        The exit status: 0 where all are guarded, else 1.
    """
    notes = Notes(home)
    line = AgentsLines(home, directory).denied()
    found = [_try(wired(home, notes, agent, "project" if top else "user", top), line, directory) for agent in agents]
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in found]))
    else:
        for one in found:
            _say(one)
    return 0 if all(one.guarded for one in found) else 1


def _try(one: Wired, line: str | None, directory: str) -> Verdict:
    if one.state in UNUSABLE:
        return Verdict(one, False, f"{one.target.path}: {one.reason or MEANINGS[one.state]}")
    reason = distrust(one, directory)
    if reason:
        return Verdict(one, False, reason)
    if line is None:
        return Verdict(one, False, "can't be told: no rule in force denies a line that a test of it states")
    answer = ask(one, line, directory)
    if not answer.refused:
        return Verdict(one, False, f"{one.target.agent.title} would run it; the hook said: {answer.said}", line, answer)
    return Verdict(one, True, answer.said, line, answer)


def distrust(one: Wired, directory: str) -> str:
    """Why an agent leaves a hook out, by its own word where its program is here; "" where it doesn't."""
    if not one.target.agent.asks_trust:
        return ""
    try:
        hook = codex_trust.ask(one.target, directory)
    except SafeShellError as error:
        return f"can't be told: {error.message}"
    if hook is None:
        return f"{one.target.path}: {MEANINGS['untrusted']}; {codex_trust.HINT}" if one.state == "untrusted" else ""
    if hook.status not in ("trusted", "managed"):
        return f"{one.target.path}: by codex's own word it is {hook.status}; {codex_trust.HINT}"
    return "" if hook.is_enabled else f"{one.target.path}: by codex's own word it is switched off"


def _as_json(one: Verdict) -> dict[str, Any]:
    return {
        "agent": one.wired.target.agent.name,
        "guarded": one.guarded,
        "why": one.why,
        "state": one.wired.state,
        "path": one.wired.target.path,
        "line": one.line or None,
        "called": one.answer.ran if one.answer else None,
        "said": one.answer.said if one.answer else None,
    }


def _say(one: Verdict) -> None:
    title = one.wired.target.agent.title
    if one.guarded:
        say(f"{title}: guarded, `{one.line}` is refused: {one.why}")
    else:
        asked = f" (asked about `{one.line}`)" if one.line else ""
        say(f"{title}: not guarded{asked}: {one.why}")
    if one.guarded and one.wired.state not in ("current", "untrusted"):
        say(f"  {one.wired.target.path}: {MEANINGS[one.wired.state]}", err=True)
    if one.guarded and os.path.dirname(one.wired.called) == "":
        say("  the program is not named by its path", err=True)
