"""Claude Code: settings.json, hooks.PreToolUse. Seen live with 2.1.332; https://code.claude.com/docs/en/hooks."""

from __future__ import annotations

from safeshell.hooks.wiring.agent import COMMAND, DIRECTORY, LINE, Agent, JsonEntry, Location, Place, Refusal

DENIES = (("hookSpecificOutput", "permissionDecision"), "deny")
"""How it, and who took its form over, is told no."""

AGENT = Agent(
    name="claude-code",
    title="Claude Code",
    programs=("claude",),
    places=(
        Place(
            user=Location(".claude", "settings.json", variable="CLAUDE_CONFIG_DIR"),
            project=".claude/settings.json",
            wiring=JsonEntry(
                keys=("hooks", "PreToolUse"),
                value={
                    "matcher": "Bash|Monitor|Write|Edit|MultiEdit|NotebookEdit|Read",  # the first two run shell lines
                    # Without onFailure, which 2.1.295 brought, it runs the line where the hook fails or takes too long.
                    "hooks": [{"type": "command", "command": COMMAND, "timeout": 120, "onFailure": "block"}],
                },
                handlers="hooks",
            ),
        ),
    ),
    envelope={
        "session_id": "hook-test",
        "transcript_path": "/dev/null",
        "cwd": DIRECTORY,
        "permission_mode": "default",
        "hook_event_name": "PreToolUse",
        "tool_name": "Bash",
        "tool_input": {"command": LINE, "description": "hook test"},
        "tool_use_id": "hook-test",
    },
    refusal=Refusal((DENIES,)),
    off=((("disableAllHooks",), True),),
    opens="",
)
