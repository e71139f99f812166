"""Qwen Code: `PreToolUse`. Seen live with 0.24.4; QwenLM/qwen-code, docs/users/features/hooks.md.

Where the hook answers *ask* its person is asked and waited for, also with `--yolo`.
"""

from __future__ import annotations

from safeshell.hooks.agent import BLOCK, Agent, LinesPath
from safeshell.hooks.agents.claude_code import ASK, DENY, SHAPE
from safeshell.hooks.file_tools import reads, writes

AGENT = Agent(
    "qwen",
    shapes=(SHAPE._replace(directories=(("cwd",), ("tool_input", "directory"))),),
    shell_tools=frozenset({"run_shell_command", "bash"}),
    deny=DENY,
    closed=BLOCK,
    lines_path=LinesPath.KEPT,
    ask=ASK,
    file_tools={
        "write_file": writes("file_path"),
        "edit": writes("file_path"),
        "replace": writes("file_path"),
        "notebook_edit": writes("notebook_path"),
        "read_file": reads("file_path", "absolute_path"),
        "read_many_files": reads("paths", "include", globs=True),
    },
)
