"""VS Code's own agent: `PreToolUse`. By code.visualstudio.com/docs/agents/reference/hooks-reference, not seen live."""

from __future__ import annotations

from safeshell.hooks.agent import BLOCK, Agent
from safeshell.hooks.agents.claude_code import DENY, SHAPE

AGENT = Agent(
    "vscode",
    shapes=(
        SHAPE,
        SHAPE._replace(event=(("hookEventName",), frozenset({"PreToolUse"})), session=("sessionId",)),
    ),
    shell_tools=frozenset({"run_in_terminal", "runterminalcommand", "bash"}),
    deny=DENY,
    closed=BLOCK,
    users_shell=True,
)
