"""Codex: `PreToolUse`. Seen live with 0.171.0; github.com/openai/codex, codex-rs/hooks.

An answer that it doesn't know, a key too many, or an exit with 2 and nothing on stderr has it run the line.
"""

from __future__ import annotations

from safeshell.hooks.agent import BLOCK, Agent, LinesPath
from safeshell.hooks.agents.claude_code import DENY, SHAPE
from safeshell.hooks.file_tools import patches

AGENT = Agent(
    "codex",
    shapes=(SHAPE,),
    shell_tools=frozenset({"bash"}),
    deny=DENY,
    closed=BLOCK,
    lines_path=LinesPath.LOGIN,
    patches_in_lines=True,
    file_tools={
        "apply_patch": patches("command", "input"),
    },
)
