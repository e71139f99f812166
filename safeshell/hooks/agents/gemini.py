"""Gemini CLI: `BeforeTool`. Seen live with 0.61.0; google-gemini/gemini-cli, docs/hooks/reference.md.

Claude Code's form of a denial together with exit 2 has it run the line.
"""

from __future__ import annotations

from safeshell.hooks.agent import BLOCK, INPUT, LINE, REASON, Agent, Answer, LinesPath, Shape
from safeshell.hooks.file_tools import reads, writes

AGENT = Agent(
    "gemini",
    shapes=(
        Shape(
            event=(("hook_event_name",), frozenset({"BeforeTool"})),
            tool=("tool_name",),
            lines=(("tool_input", "command"),),
            directories=(("cwd",), ("tool_input", "directory"), ("tool_input", "dir_path")),
            session=("session_id",),
            rewrite=Answer({"hookSpecificOutput": {"tool_input": INPUT}}),
        ),
    ),
    shell_tools=frozenset({"run_shell_command"}),
    deny=Answer({"decision": "deny", "reason": REASON}),
    closed=BLOCK,
    lines_path=LinesPath.KEPT,
    within=f"\n{LINE}\n",
    file_tools={
        "write_file": writes("file_path"),
        "replace": writes("file_path"),
        "read_file": reads("file_path", "absolute_path"),
        "read_many_files": reads("include", "paths", globs=True),
    },
)
