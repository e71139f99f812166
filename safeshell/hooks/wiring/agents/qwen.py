"""Qwen Code: settings.json, hooks.PreToolUse. Seen live with 0.24.4; QwenLM/qwen-code, docs/users/features/hooks.md."""

from __future__ import annotations

from safeshell.hooks.wiring.agent import COMMAND, DIRECTORY, LINE, Agent, JsonEntry, Location, Place, Refusal
from safeshell.hooks.wiring.agents.claude_code import DENIES

AGENT = Agent(
    name="qwen",
    title="Qwen Code",
    programs=("qwen",),
    places=(
        Place(
            user=Location(".qwen", "settings.json"),
            project=".qwen/settings.json",
            wiring=JsonEntry(
                keys=("hooks", "PreToolUse"),
                value={
                    "matcher": "^(run_shell_command|write_file|edit|replace|notebook_edit|read_file|read_many_files)$",
                    "hooks": [{"type": "command", "name": "safeshell", "command": COMMAND, "timeout": 120_000}],  # ms
                },
                handlers="hooks",
                comments=True,
            ),
        ),
    ),
    envelope={
        "session_id": "hook-test",
        "transcript_path": "/dev/null",
        "cwd": DIRECTORY,
        "permission_mode": "default",
        "hook_event_name": "PreToolUse",
        "timestamp": "2026-01-01T00:00:00Z",
        "tool_name": "run_shell_command",
        "tool_input": {"command": LINE},
        "tool_use_id": "hook-test",
    },
    refusal=Refusal((DENIES,)),
    off=((("disableAllHooks",), True),),
)
