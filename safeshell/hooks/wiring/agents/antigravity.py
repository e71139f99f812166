"""Antigravity: hooks.json, a hook by its name. By a published probe of agy 1.1.2, not seen live here."""

from __future__ import annotations

from safeshell.hooks.wiring.agent import COMMAND, DIRECTORY, LINE, Agent, JsonEntry, Location, Place, Refusal

AGENT = Agent(
    name="antigravity",
    title="Antigravity",
    programs=("agy", "antigravity"),
    places=(
        Place(
            user=Location(".gemini/config", "hooks.json"),
            project=".agents/hooks.json",
            wiring=JsonEntry(
                keys=("safeshell",),
                value={
                    "enabled": True,
                    "PreToolUse": [
                        {
                            "matcher": "run_command|write_to_file|replace_file_content|multi_replace_file_content"
                            "|view_file",
                            "hooks": [{"type": "command", "command": COMMAND, "timeout": 120}],
                        }
                    ],
                },
                is_member=True,
            ),
        ),
    ),
    envelope={
        "toolCall": {"name": "run_command", "args": {"CommandLine": LINE, "Cwd": DIRECTORY}},
        "conversationId": "hook-test",
        "workspacePaths": [DIRECTORY],
        "stepIdx": 1,
        "modelName": "hook-test",
        "transcriptPath": "/dev/null",
    },
    refusal=Refusal(((("decision",), "deny"),)),
    opens="",
)
