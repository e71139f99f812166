"""Windsurf: hooks.json, hooks.pre_run_command. By docs.windsurf.com/windsurf/cascade/hooks, not seen live."""

from __future__ import annotations

from safeshell.hooks.wiring.agent import COMMAND, DIRECTORY, LINE, Agent, JsonEntry, Location, Place

AGENT = Agent(
    name="windsurf",
    title="Windsurf",
    programs=("windsurf",),
    places=(
        Place(
            user=Location(".codeium/windsurf", "hooks.json"),
            project=".windsurf/hooks.json",
            wiring=JsonEntry(
                keys=("hooks", "pre_run_command"),
                value={"command": COMMAND, "show_output": True},
            ),
        ),
    ),
    envelope={
        "agent_action_name": "pre_run_command",
        "trajectory_id": "hook-test",
        "tool_info": {"command_line": LINE, "cwd": DIRECTORY},
    },
)
