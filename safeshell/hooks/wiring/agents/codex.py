"""Codex: hooks.json, or config.toml where that has hooks already. Seen live with 0.171.0; openai/codex, codex-rs/hooks.

Where both files have hooks it reads both, and complains. A hook that isn't trusted, by the hash of what is written, is
silently left out.
"""

from __future__ import annotations

from safeshell.hooks.wiring.agent import COMMAND, DIRECTORY, LINE, Agent, JsonEntry, Location, Place, Refusal, TomlEntry
from safeshell.hooks.wiring.agents.claude_code import DENIES

_KEYS = ("hooks", "PreToolUse")
_VALUE = {"matcher": "^(Bash|apply_patch)$", "hooks": [{"type": "command", "command": COMMAND, "timeout": 120}]}

AGENT = Agent(
    name="codex",
    title="Codex",
    programs=("codex",),
    places=(
        Place(
            user=Location(".codex", "hooks.json", variable="CODEX_HOME"),
            project=".codex/hooks.json",
            wiring=JsonEntry(keys=_KEYS, value=_VALUE, handlers="hooks"),
        ),
        Place(
            user=Location(".codex", "config.toml", variable="CODEX_HOME"),
            project=".codex/config.toml",
            wiring=TomlEntry(keys=_KEYS, value=_VALUE, handlers="hooks"),
        ),
    ),
    envelope={
        "session_id": "hook-test",
        "turn_id": "hook-test",
        "transcript_path": None,
        "cwd": DIRECTORY,
        "hook_event_name": "PreToolUse",
        "model": "hook-test",
        "permission_mode": "default",
        "tool_name": "Bash",
        "tool_input": {"command": LINE},
        "tool_use_id": "hook-test",
    },
    refusal=Refusal((DENIES,)),
    off=((("features", "hooks"), False),),
    asks_trust=True,
)
