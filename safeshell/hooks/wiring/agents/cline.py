"""Cline: an executable by the name of its event. Seen live with 3.0.65; cline/cline, docs/features/hooks."""

from __future__ import annotations

from safeshell.hooks.wiring.agent import ANYTHING, COMMAND, DIRECTORY, LINE, Agent, Location, Place, Refusal, WholeFile

_TEXT = f"""\
#!/bin/sh
# Written by `safeshell hook install cline`; `safeshell hook uninstall cline` removes it.
exec {COMMAND}
"""

AGENT = Agent(
    name="cline",
    title="Cline",
    programs=("cline",),
    places=(
        Place(
            user=Location(".cline", "hooks/PreToolUse"),
            project=".clinerules/hooks/PreToolUse",
            wiring=WholeFile(_TEXT, mode=0o700),
        ),
    ),
    envelope={
        "clineVersion": "3.0.65",
        "hookName": "tool_call",
        "timestamp": "0",
        "taskId": "hook-test",
        "workspaceRoots": [DIRECTORY],
        "tool_call": {"id": "hook-test", "name": "run_commands", "input": {"commands": [LINE]}},
    },
    refusal=Refusal(((("cancel",), True), (("overrideInput",), ANYTHING)), status=None),
)
