"""Qwen Code: `PreToolUse`. Seen live with 0.24.4; QwenLM/qwen-code, docs/users/features/hooks.md."""

from __future__ import annotations

from safeshell.hooks.agent import BLOCK, Agent
from safeshell.hooks.agents.claude_code import DENY, SHAPE

AGENT = Agent(
    "qwen",
    shapes=(SHAPE._replace(directories=(("cwd",), ("tool_input", "directory"))),),
    shell_tools=frozenset({"run_shell_command", "bash"}),
    deny=DENY,
    closed=BLOCK,
)
