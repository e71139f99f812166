"""Trial of a wired hook: what an agent's settings name is called as the agent would call it, for a line that is denied.

Nothing of the line runs: a hook only says what is to become of it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from typing import Any, NamedTuple

from safeshell.hooks.wiring.agent import ANYTHING, DIRECTORY, LINE, Agent, WholeFile
from safeshell.hooks.wiring.ours import called
from safeshell.hooks.wiring.state import Wired
from safeshell.host.process import bounded

PATIENCE_S = 30.0
"""Seconds for the hook; a daemon may have to be started first, and node."""

_SAID_MAX = 400

# The plugin as OpenCode's loader takes it: the default export's server, then its hook with the tool's arguments.
_PLUGIN = """\
import { readFileSync } from "node:fs";
const plugin = (await import(process.argv[1])).default;
const { tool, sessionID, args, directory } = JSON.parse(readFileSync(0, "utf8"));
const hooks = await plugin.server({ directory, worktree: directory });
try {
  await hooks["tool.execute.before"]({ tool, sessionID, callID: "hook-test" }, { args });
} catch (error) {
  console.error(error.message);
  process.exit(2);
}
"""


class Answer(NamedTuple):
    """What came back.

    Attributes:
        ran: what was called, as a person would type it.
        refused: whether the agent takes it for a no.
        said: what it said, or how it ended: one line.
    """

    ran: str
    refused: bool
    said: str


def ask(wired: Wired, line: str, directory: str) -> Answer:
    """Calls what the settings name.

    Args:
        wired: the hook.
        line: what the agent would be about to run.
        directory: where it would.
    """
    agent = wired.target.agent
    envelope = json.dumps(_envelope(agent.envelope, line, directory))
    words = _words(wired)
    try:
        done = bounded.run(words, PATIENCE_S, directory=directory, given=envelope.encode("utf-8", "surrogateescape"))
    except OSError as error:
        return Answer(words[-1], False, f"can't run {words[0]}: {error.strerror}")
    if done.status is None:
        return Answer(words[-1], False, f"it did not answer within {PATIENCE_S:.0f} s")
    return Answer(words[-1], _refuses(agent, done), _said(done))


def _words(wired: Wired) -> list[str]:
    """What the agent executes: mostly a shell, which it gives the settings' command."""
    wiring, path = wired.target.place.wiring, wired.target.path
    if isinstance(wiring, WholeFile) and isinstance(wiring.text, str):
        if not path.endswith(".js"):
            return [path]
        node = shutil.which("node")
        if node is not None:
            return [node, "--input-type=module", "--eval", _PLUGIN, path]
        return [wired.called, wired.target.agent.name]  # nothing here reads JavaScript
    value = json.loads(wired.entry) if isinstance(wired.entry, str) else wired.entry
    return ["/bin/sh", "-c", _command(value, wired.target.agent.name)]


def _command(value: Any, agent: str) -> str:
    """The first text in an entry that calls the hook program."""
    if isinstance(value, str):
        return value if called(value, agent) else ""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return next((found for one in inner if (found := _command(one, agent))), "")


def _envelope(value: Any, line: str, directory: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _envelope(one, line, directory) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_envelope(one, line, directory) for one in value]
    return {LINE: line, DIRECTORY: directory}.get(value, value) if isinstance(value, str) else value


def _refuses(agent: Agent, done: bounded.Ended) -> bool:
    """Whether an agent takes an answer for a no. Where an exit status is one, JSON beside it says nothing."""
    if done.status:
        return done.status == agent.refusal.status and bool(done.stderr.strip())
    answer = _json(done.stdout)
    for keys, value in agent.refusal.values:
        found = answer
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        if found == value or (value is ANYTHING and found is not None):
            return True
    return False


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _said(done: bounded.Ended) -> str:
    """What was said, for people: the reason in it, else all of it."""
    answer = _json(done.stdout)
    text = _reason(answer) or (done.stderr.strip() or done.stdout.strip()).decode("utf-8", "replace")
    if not text:
        status = done.status or 0
        ended = f"exit status {status}" if status >= 0 else f"signal {-status}"
        text = f"nothing ({ended})"
    text = " ".join(text.split())
    return text if len(text) <= _SAID_MAX else f"{text[:_SAID_MAX]}…"


def _reason(answer: Any) -> str:
    """The longest text under a name that has to do with a reason or a message."""
    if not isinstance(answer, Mapping):
        return ""
    found = [""]
    for key, value in answer.items():
        if isinstance(value, Mapping):
            found.append(_reason(value))
        elif isinstance(value, str) and any(word in key.lower() for word in ("reason", "message")):
            found.append(value)
    return max(found, key=len)
