"""Cursor: hooks.json, hooks.beforeShellExecution. By https://cursor.com/docs/hooks, not seen live."""

from __future__ import annotations

from safeshell.hooks.wiring.agent import COMMAND, DIRECTORY, LINE, Agent, JsonEntry, Location, Place, Refusal

AGENT = Agent(
    name="cursor",
    title="Cursor",
    programs=("cursor-agent", "cursor"),
    places=(
        Place(
            user=Location(".cursor", "hooks.json"),
            project=".cursor/hooks.json",
            wiring=JsonEntry(
                keys=("hooks", "beforeShellExecution"),
                value={"command": COMMAND, "timeout": 120, "failClosed": True},
                frame={"version": 1},
            ),
        ),
    ),
    envelope={
        "conversation_id": "hook-test",
        "generation_id": "hook-test",
        "hook_event_name": "beforeShellExecution",
        "workspace_roots": [DIRECTORY],
        "command": LINE,
        "cwd": DIRECTORY,
        "sandbox": False,
    },
    refusal=Refusal(((("permission",), "deny"),)),
    opens="",
)
