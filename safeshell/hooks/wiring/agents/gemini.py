"""Gemini CLI: settings.json, hooks.BeforeTool. Seen live with 0.61.0; google-gemini/gemini-cli, docs/hooks."""

from __future__ import annotations

from safeshell.hooks.wiring.agent import COMMAND, DIRECTORY, LINE, Agent, JsonEntry, Location, Place, Refusal

AGENT = Agent(
    name="gemini",
    title="Gemini CLI",
    programs=("gemini",),
    places=(
        Place(
            user=Location(".gemini", "settings.json", variable="GEMINI_CLI_HOME", moved=".gemini"),
            project=".gemini/settings.json",
            wiring=JsonEntry(
                keys=("hooks", "BeforeTool"),
                value={
                    "matcher": "^(run_shell_command|write_file|replace|read_file|read_many_files)$",
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
        "hook_event_name": "BeforeTool",
        "timestamp": "2026-01-01T00:00:00Z",
        "tool_name": "run_shell_command",
        "tool_input": {"command": LINE},
    },
    opens="fails or takes too long",
    refusal=Refusal(((("decision",), "deny"), (("decision",), "block"))),
    off=((("hooksConfig", "enabled"), False),),
)
