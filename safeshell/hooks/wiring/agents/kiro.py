"""Kiro: a file of its own among its hooks. By kiro.dev/docs/cli/v3/hooks, not seen live."""

from __future__ import annotations

from safeshell.hooks.wiring.agent import COMMAND, DIRECTORY, LINE, Agent, Location, Place, WholeFile

AGENT = Agent(
    name="kiro",
    title="Kiro",
    programs=("kiro-cli", "kiro"),
    places=(
        Place(
            user=Location(".kiro", "hooks/safeshell.json"),
            project=".kiro/hooks/safeshell.json",
            wiring=WholeFile(
                {
                    "version": "v1",
                    "hooks": [
                        {
                            "name": "safeshell",
                            "trigger": "PreToolUse",
                            "matcher": "shell|execute_bash|execute_cmd|fs_write|fs_read|write|read",
                            "action": {"type": "command", "command": COMMAND},
                            "timeout": 120,
                            "enabled": True,
                        }
                    ],
                }
            ),
        ),
    ),
    envelope={
        "hook_event_name": "PreToolUse",
        "session_id": "hook-test",
        "cwd": DIRECTORY,
        "tool_name": "execute_bash",
        "tool_input": {"command": LINE},
    },
)
