"""VS Code's own agent: `PreToolUse`. By code.visualstudio.com/docs/agents/reference/hooks-reference, not seen live."""

from __future__ import annotations

from safeshell.hooks.agent import BLOCK, Agent
from safeshell.hooks.agents.claude_code import DENY, SHAPE
from safeshell.hooks.file_tools import patches, reads, writes

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
    file_tools={
        "create_file": writes("filePath"),
        "replace_string_in_file": writes("filePath"),
        "multi_replace_string_in_file": writes("replacements[].filePath"),
        "insert_edit_into_file": writes("filePath"),
        "edit_notebook_file": writes("filePath"),
        "apply_patch": patches("input"),
        "read_file": reads("filePath"),
    },
)
