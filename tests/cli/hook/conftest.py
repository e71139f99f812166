"""A user with a SafeShell home where it belongs, and a stand-in for the native hook program."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safeshell_compiler.publish import compile_home, publish

from safeshell.home.paths import Home
from safeshell.hooks.wiring import program

MOVED = ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "COPILOT_HOME", "GEMINI_CLI_HOME")

# Answers as each agent wants it where the line is about what is precious, else lets it run; one with `another` in it is
# rewritten as OpenCode's plugin has it.
STAND_IN = """\
#!/bin/sh
envelope=$(cat)
case $envelope in
*precious*) ;;
*another*) echo '{"args": {"command": "instead"}}'; exit 0 ;;
*) exit 0 ;;
esac
case $1 in
claude-code|codex|qwen|vscode)
  echo '{"hookSpecificOutput": {"permissionDecision": "deny", "permissionDecisionReason": "That is precious."}}' ;;
copilot) echo '{"permissionDecision": "deny", "permissionDecisionReason": "That is precious."}' ;;
gemini|antigravity) echo '{"decision": "deny", "reason": "That is precious."}' ;;
cursor) echo '{"permission": "deny", "user_message": "That is precious."}' ;;
cline) echo '{"cancel": false, "overrideInput": {"commands": ["exit 126"]}}' ;;
*) echo 'That is precious.' >&2; exit 2 ;;
esac
"""

RULES = """\
version: 1
rules:
  - name: no-rm-of-precious
    commands: [rm]
    conditions: [{command_contains: precious}]
    action: deny
    message: That is precious.
    tests: {match: [rm precious]}
"""


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's directory, with a blank and a quote in its path, which commands and plugins have to take."""
    directory = tmp_path / "a user's"
    directory.mkdir()
    monkeypatch.setenv("HOME", str(directory))
    for name in MOVED:
        monkeypatch.delenv(name, raising=False)
    built = tmp_path / "safeshell-hook"
    built.write_text(STAND_IN)
    built.chmod(0o755)
    monkeypatch.setattr(program, "native_hook", lambda: str(built))
    return directory


@pytest.fixture
def home(homes: Callable[..., Home], user: Path) -> Home:
    made = homes(RULES)
    moved = Home(str(user / ".safeshell"))
    shutil.copytree(made.root, moved.root)
    publish(moved, compile_home(moved))
    return moved
