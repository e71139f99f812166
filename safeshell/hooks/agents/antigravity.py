"""Antigravity: `PreToolUse`. By a live probe of agy 1.1.2 that others published, not seen live here.

It takes no silence for an answer; its `allow` leaves its own prompts as they are.
"""

from __future__ import annotations

from safeshell.hooks.agent import REASON, Agent, Answer, Shape
from safeshell.hooks.file_tools import reads, writes

DENY = Answer({"decision": "deny", "reason": REASON})

AGENT = Agent(
    "antigravity",
    shapes=(
        Shape(
            event=((), frozenset()),
            tool=("toolCall", "name"),
            lines=(("toolCall", "args", "CommandLine"),),
            directories=(("workspacePaths",), ("toolCall", "args", "Cwd")),
            session=("conversationId",),
        ),
    ),
    shell_tools=frozenset({"run_command"}),
    deny=DENY,
    closed=DENY,
    allow=Answer({"decision": "allow"}),
    users_shell=True,
    file_tools={
        "write_to_file": writes("TargetFile"),
        "replace_file_content": writes("TargetFile"),
        "multi_replace_file_content": writes("TargetFile"),
        "view_file": reads("AbsolutePath"),
    },
)
