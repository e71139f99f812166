"""Envelopes as agents send them, each with the answers that the agent takes for a denial and for going on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from safeshell.hooks.agent import NAMES

Envelope = dict[str, Any]


class Sample(NamedTuple):
    """One form of one agent's envelope.

    Attributes:
        agent: whose.
        make: it, of a line and a directory.
        denied: the answer: stdout with `REASON` in it, whether stderr has it, the status.
        allowed: stdout where the agent is to go on.
    """

    agent: str
    make: Callable[[str, str], Envelope]
    denied: tuple[Any, bool, int]
    allowed: Any = None


CLAUDE = {
    "hookSpecificOutput": {
        "hookEventName": "PreToolUse",
        "permissionDecision": "deny",
        "permissionDecisionReason": "REASON",
    }
}
BLOCK = (None, True, 2)


def claude(tool: str = "Bash", **more: Any) -> Callable[[str, str], Envelope]:
    """Claude Code's form."""
    return lambda line, directory: {
        "session_id": "s",
        "cwd": directory,
        "hook_event_name": "PreToolUse",
        "tool_name": tool,
        "tool_input": {"command": line, "description": "does it"},
        **more,
    }


def _cline(line: str, directory: str) -> Envelope:
    return {
        "clineVersion": "3.0.65",
        "hookName": "tool_call",
        "taskId": "t",
        "workspaceRoots": [directory],
        "tool_call": {"id": "1", "name": "run_commands", "input": {"commands": [line]}},
        "preToolUse": {"toolName": "run_commands", "parameters": {"commands": "[]"}},
    }


def _old_cline(line: str, directory: str) -> Envelope:
    return {
        "hookName": "PreToolUse",
        "workspaceRoots": [directory],
        "preToolUse": {"toolName": "execute_command", "parameters": {"command": line, "requires_approval": "false"}},
    }


_CURSOR = {"permission": "deny", "user_message": "REASON", "agent_message": "REASON"}
_COPILOT = {"permissionDecision": "deny", "permissionDecisionReason": "REASON"}

SAMPLES = (
    Sample("claude-code", claude(permission_mode="default", tool_use_id="u"), (CLAUDE, False, 0)),
    Sample("codex", claude(turn_id="t", transcript_path=None, model="m"), (CLAUDE, False, 0)),
    Sample(
        "gemini",
        lambda line, directory: {
            "hook_event_name": "BeforeTool",
            "cwd": "/",
            "tool_name": "run_shell_command",
            "tool_input": {"command": line, "dir_path": directory},
        },
        ({"decision": "deny", "reason": "REASON"}, False, 0),
    ),
    Sample(
        "opencode",
        lambda line, directory: {"tool": "bash", "sessionID": "s", "directory": directory, "args": {"command": line}},
        BLOCK,
    ),
    Sample("qwen", claude("run_shell_command"), (CLAUDE, False, 0)),
    Sample(
        "cline",
        _cline,
        ({"cancel": False, "overrideInput": {"commands": ["printf '%s\\n' QUOTED >&2; exit 126 # NTH"]}}, False, 0),
        {"cancel": False},
    ),
    Sample("cline", _old_cline, ({"cancel": True, "errorMessage": "REASON"}, False, 0), {"cancel": False}),
    Sample("copilot", claude(), (_COPILOT, False, 0)),
    Sample(
        "copilot",
        lambda line, directory: {"cwd": directory, "toolName": "bash", "toolArgs": {"command": line}},
        (_COPILOT, False, 0),
    ),
    Sample(
        "copilot",
        lambda line, directory: {"cwd": directory, "toolName": "bash", "toolArgs": f'{{"command": "{line}"}}'},
        (_COPILOT, False, 0),
    ),
    Sample(
        "cursor",
        lambda line, directory: {"hook_event_name": "beforeShellExecution", "command": line, "cwd": directory},
        (_CURSOR, False, 0),
        {},
    ),
    Sample(
        "cursor",
        lambda line, directory: {
            "hook_event_name": "preToolUse",
            "cwd": "/",
            "tool_name": "Shell",
            "tool_input": {"command": line, "working_directory": directory},
        },
        (_CURSOR, False, 0),
        {},
    ),
    Sample(
        "windsurf",
        lambda line, directory: {
            "agent_action_name": "pre_run_command",
            "tool_info": {"command_line": line, "cwd": directory},
        },
        BLOCK,
    ),
    Sample("kiro", claude("execute_bash"), BLOCK),
    Sample(
        "antigravity",
        lambda line, directory: {
            "toolCall": {"name": "run_command", "args": {"CommandLine": line, "Cwd": directory}},
            "workspacePaths": ["/"],
        },
        ({"decision": "deny", "reason": "REASON"}, False, 0),
        {"decision": "allow"},
    ),
    Sample("vscode", claude("run_in_terminal"), (CLAUDE, False, 0)),
    Sample(
        "crush",
        lambda line, directory: {
            "event": "PreToolUse",
            "cwd": directory,
            "tool_name": "bash",
            "tool_input": {"command": line},
        },
        BLOCK,
    ),
)

assert {sample.agent for sample in SAMPLES} == set(NAMES)
