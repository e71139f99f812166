"""Copilot CLI: a file of its own among its hooks. Seen live with 1.0.102; github/docs, hooks-reference.md @05da5bc3."""

from __future__ import annotations

from safeshell.hooks.wiring.agent import COMMAND, DIRECTORY, LINE, Agent, Location, Place, Refusal, WholeFile
from safeshell.hooks.wiring.agents.claude_code import DENIES

AGENT = Agent(
    name="copilot",
    title="Copilot CLI",
    programs=("copilot",),
    places=(
        Place(
            user=Location(".copilot", "hooks/safeshell.json", variable="COPILOT_HOME"),
            project=".github/hooks/safeshell.json",
            wiring=WholeFile(
                {
                    "version": 1,
                    "hooks": {
                        "preToolUse": [
                            {
                                "type": "command",
                                "bash": COMMAND,
                                "timeoutSec": 120,
                                "matcher": "bash|create|edit|str_replace_editor|apply_patch|view",
                            }
                        ]
                    },
                }
            ),
        ),
    ),
    envelope={
        "sessionId": "hook-test",
        "timestamp": 0,
        "cwd": DIRECTORY,
        "toolName": "bash",
        "toolArgs": {"command": LINE},
    },
    opens="takes too long",
    refusal=Refusal(((("permissionDecision",), "deny"), DENIES)),
)
