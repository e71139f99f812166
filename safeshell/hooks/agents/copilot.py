"""Copilot CLI: `preToolUse`, or `PreToolUse` with Claude Code's names. Seen live with 1.0.102; github/docs.

With an exit status other than 0 it denies, but the model isn't told why.
"""

from __future__ import annotations

from safeshell.hooks.agent import INPUT, REASON, Agent, Answer, LinesPath, Shape
from safeshell.hooks.agents.claude_code import SHAPE
from safeshell.hooks.file_tools import FileTool, patches, reads, writes

DENY = Answer({"permissionDecision": "deny", "permissionDecisionReason": REASON})

ASK = Answer({"permissionDecision": "ask", "permissionDecisionReason": REASON})
"""Seen live: asked and waited for also with `--allow-all-tools`, and with `--yolo`."""

AGENT = Agent(
    "copilot",
    shapes=(
        SHAPE,
        Shape(
            event=((), frozenset()),
            tool=("toolName",),
            lines=(("toolArgs", "command"),),
            directories=(("cwd",),),
            session=("sessionId",),
            rewrite=Answer({"modifiedArgs": INPUT}),
        ),
    ),
    shell_tools=frozenset({"bash"}),
    deny=DENY,
    closed=DENY,
    lines_path=LinesPath.KEPT,
    path_before=("/usr/local/sbin",),
    ask=ASK,
    file_tools={
        "create": writes("path"),
        "edit": writes("path"),
        "str_replace_editor": FileTool(writes=("path",), reads=("path",)),  # it reads by one of its commands
        "apply_patch": patches("input", "patch", "command"),
        "view": reads("path"),
    },
)
