"""VS Code's own agent: a file of its own beside Copilot CLI's, which reads it too. By its reference, not seen live."""

from __future__ import annotations

from safeshell.hooks.wiring.agent import COMMAND, DIRECTORY, LINE, Agent, Location, Place, Refusal, WholeFile
from safeshell.hooks.wiring.agents.claude_code import DENIES

AGENT = Agent(
    name="vscode",
    title="VS Code",
    programs=("code", "code-insiders", "codium"),
    places=(
        Place(
            user=Location(".copilot", "hooks/safeshell-vscode.json", variable="COPILOT_HOME"),
            project=".github/hooks/safeshell-vscode.json",
            wiring=WholeFile(
                {
                    "version": 1,
                    "hooks": {"PreToolUse": [{"type": "command", "command": COMMAND, "timeout": 120}]},
                }
            ),
        ),
    ),
    envelope={
        "session_id": "hook-test",
        "cwd": DIRECTORY,
        "hook_event_name": "PreToolUse",
        "tool_name": "run_in_terminal",
        "tool_input": {"command": LINE},
        "tool_use_id": "hook-test",
    },
    trace=".config/Code",  # the directory of its hooks is Copilot CLI's as well
    refusal=Refusal((DENIES,)),
)
