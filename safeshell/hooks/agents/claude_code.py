"""Claude Code: `PreToolUse`. Seen live with 2.1.332; https://code.claude.com/docs/en/hooks."""

from __future__ import annotations

from safeshell.hooks.agent import BLOCK, INPUT, QUOTED_LINE, REASON, Agent, Answer, LinesPath, Shape
from safeshell.hooks.file_tools import reads, writes

DENY = Answer(
    {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": REASON,
        }
    }
)
"""Claude Code's form of a denial, which others have taken over."""

REWRITE = Answer({"hookSpecificOutput": {"hookEventName": "PreToolUse", "updatedInput": INPUT}})
"""Another line, without a decision: it goes the way that the model's own would have gone."""

ASK = Answer(
    {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "ask",
            "permissionDecisionReason": REASON,
        }
    }
)
"""Claude Code's form of a question to its person. Seen live: asked and waited for also with
`--dangerously-skip-permissions`, in the modes `auto` and `acceptEdits`, and where a rule of its own allows the tool."""

SHAPE = Shape(
    event=(("hook_event_name",), frozenset({"PreToolUse"})),
    tool=("tool_name",),
    lines=(("tool_input", "command"),),
    directories=(("cwd",),),
    session=("session_id",),
)
"""Claude Code's envelope, which others have taken over."""

AGENT = Agent(
    "claude-code",
    shapes=(SHAPE._replace(rewrite=REWRITE),),
    shell_tools=frozenset({"bash", "monitor"}),
    deny=DENY,
    closed=BLOCK,
    ask=ASK,
    within=f" && eval {QUOTED_LINE} ",
    users_shell=True,
    lines_path=LinesPath.KEPT,
    file_tools={
        "write": writes("file_path"),
        "edit": writes("file_path"),
        "multiedit": writes("file_path"),
        "notebookedit": writes("notebook_path"),
        "read": reads("file_path"),
    },
)
