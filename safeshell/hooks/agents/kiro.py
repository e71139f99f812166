"""Kiro: `PreToolUse`. By kiro.dev/docs/cli/v3/hooks, not seen live."""

from __future__ import annotations

from safeshell.hooks.agent import BLOCK, Agent
from safeshell.hooks.agents.claude_code import SHAPE
from safeshell.hooks.file_tools import reads, writes

AGENT = Agent(
    "kiro",
    shapes=(
        SHAPE._replace(
            event=(("hook_event_name",), frozenset({"PreToolUse", "preToolUse"})),
            directories=(("cwd",), ("tool_input", "working_dir")),
        ),
    ),
    shell_tools=frozenset({"shell", "execute_bash", "execute_cmd", "bash"}),
    deny=BLOCK,
    closed=BLOCK,
    file_tools={
        "fs_write": writes("path"),
        "write": writes("path"),
        "fs_read": reads("operations[].path", "path"),
        "read": reads("operations[].path", "path"),
    },
)
