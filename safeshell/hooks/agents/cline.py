"""Cline: `PreToolUse`. Seen live with 3.0.65; cline/cline, docs/features/hooks/hook-reference.mdx.

Cancelling ends its whole run, and the model isn't told. So a line is replaced by one that only says why. Whatever the
exit status, it runs the line. Five equal lines in a row end its run, as a loop: no refusal equals another.
"""

from __future__ import annotations

from safeshell.hooks.agent import INPUT, NTH, REASON, SAYS_WHY, Agent, Answer, LinesPath, Shape
from safeshell.hooks.file_tools import patches, reads, writes

REPLACE = Answer({"cancel": False, "overrideInput": {"commands": [SAYS_WHY]}})
ANEW = Answer({"cancel": False, "overrideInput": {"commands": [f"{SAYS_WHY} # {NTH}"]}})
CANCEL = Answer({"cancel": True, "errorMessage": REASON})

AGENT = Agent(
    "cline",
    shapes=(
        Shape(
            event=(("hookName",), frozenset({"tool_call"})),
            tool=("tool_call", "name"),
            lines=(("tool_call", "input", "commands"), ("tool_call", "input", "command")),
            directories=(("workspaceRoots",),),
            session=("taskId",),
            rewrite=Answer({"cancel": False, "overrideInput": INPUT}),
        ),
        Shape(
            event=(("hookName",), frozenset({"PreToolUse"})),
            tool=("preToolUse", "toolName"),
            lines=(("preToolUse", "parameters", "command"), ("preToolUse", "parameters", "commands")),
            directories=(("workspaceRoots",),),
            session=("taskId",),
            flattened=True,
            deny=CANCEL,  # of before there was anything else
        ),
    ),
    shell_tools=frozenset({"run_commands", "execute_command"}),
    deny=ANEW,
    closed=REPLACE,
    allow=Answer({"cancel": False}),
    limit_s=60,
    lines_path=LinesPath.KEPT,
    file_tools={
        "editor": writes("path"),
        "write_to_file": writes("path"),
        "replace_in_file": writes("path"),
        "apply_patch": patches("input"),
        "read_files": reads("files[].path", "paths", "path"),
        "read_file": reads("path"),
    },
    deny_files=CANCEL,  # there is no line to put in the place of a file
)
