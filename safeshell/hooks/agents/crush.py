"""Crush: `PreToolUse`. By charmbracelet/crush, docs/hooks/README.md, not seen live."""

from __future__ import annotations

from safeshell.hooks.agent import BLOCK, Agent
from safeshell.hooks.agents.claude_code import SHAPE
from safeshell.hooks.file_tools import reads, writes

AGENT = Agent(
    "crush",
    shapes=(
        SHAPE._replace(
            event=(("event",), frozenset({"PreToolUse"})),
            directories=(("cwd",), ("tool_input", "working_dir")),
        ),
    ),
    shell_tools=frozenset({"bash"}),
    deny=BLOCK,
    closed=BLOCK,
    file_tools={
        "write": writes("file_path"),
        "edit": writes("file_path"),
        "multiedit": writes("file_path"),
        "view": reads("file_path"),
    },
)
