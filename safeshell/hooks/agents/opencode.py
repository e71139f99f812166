"""OpenCode: a plugin of ours calls the hook before a tool, and throws what it says on stderr. Seen live with 1.18.33.

The plugin sends `{"tool", "sessionID", "args", "directory"}`: what OpenCode gave it, and the project's directory. What
the hook prints, `{"args": …}`, it puts into the tool's arguments, before OpenCode asks for its own permission.
"""

from __future__ import annotations

from safeshell.hooks.agent import BLOCK, INPUT, Agent, Answer, LinesPath, Shape
from safeshell.hooks.file_tools import patches, reads, writes

AGENT = Agent(
    "opencode",
    shapes=(
        Shape(
            event=((), frozenset()),
            tool=("tool",),
            lines=(("args", "command"),),
            directories=(("directory",), ("args", "workdir")),
            session=("sessionID",),
            rewrite=Answer({"args": INPUT}),
        ),
    ),
    shell_tools=frozenset({"bash"}),
    deny=BLOCK,
    closed=BLOCK,
    lines_path=LinesPath.KEPT,
    file_tools={
        "write": writes("filePath"),
        "edit": writes("filePath"),
        "multiedit": writes("filePath"),
        "patch": patches("patchText"),
        "apply_patch": patches("patchText"),
        "read": reads("filePath"),
    },
)
