"""Crush: crush.json, hooks.PreToolUse. By charmbracelet/crush, docs/hooks/README.md, not seen live."""

from __future__ import annotations

from safeshell.hooks.wiring.agent import COMMAND, DIRECTORY, LINE, Agent, JsonEntry, Location, Place, Refusal
from safeshell.hooks.wiring.agents.claude_code import DENIES

AGENT = Agent(
    name="crush",
    title="Crush",
    programs=("crush",),
    places=(
        Place(
            user=Location(".config/crush", "crush.json", variable="XDG_CONFIG_HOME", moved="crush"),
            project="crush.json",
            wiring=JsonEntry(
                keys=("hooks", "PreToolUse"),
                value={"matcher": "^(bash|write|edit|multiedit|view)$", "command": COMMAND, "timeout": 120},
            ),
        ),
    ),
    envelope={
        "event": "PreToolUse",
        "session_id": "hook-test",
        "cwd": DIRECTORY,
        "tool_name": "bash",
        "tool_input": {"command": LINE},
    },
    refusal=Refusal(((("decision",), "deny"), DENIES)),
    after="Crush asks no hook about what its sub-agents run",
)
