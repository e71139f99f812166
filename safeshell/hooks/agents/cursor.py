"""Cursor: `beforeShellExecution`, or `preToolUse` for its shell. By https://cursor.com/docs/hooks, not seen live."""

from __future__ import annotations

from safeshell.hooks.agent import BLOCK, REASON, Agent, Answer, Shape

AGENT = Agent(
    "cursor",
    shapes=(
        Shape(
            event=(("hook_event_name",), frozenset({"beforeShellExecution"})),
            tool=(),
            lines=(("command",),),
            directories=(("cwd",),),
            session=("conversation_id",),
        ),
        Shape(
            event=(("hook_event_name",), frozenset({"preToolUse"})),
            tool=("tool_name",),
            lines=(("tool_input", "command"),),
            directories=(("cwd",), ("tool_input", "working_directory")),
            session=("conversation_id",),
        ),
    ),
    shell_tools=frozenset({"shell"}),
    deny=Answer({"permission": "deny", "user_message": REASON, "agent_message": REASON}),
    closed=BLOCK,
    allow=Answer({}),  # with `failClosed` nothing at all might count as a failure
    users_shell=True,
)
