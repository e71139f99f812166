"""Who is asking: an AI agent, by its name, or a person. Agents leave a marker in the environment of what they run."""

from __future__ import annotations

import re
from collections.abc import Iterable

KNOWN_AGENTS = {
    "CLAUDECODE": "claude-code",
    "CLAUDE_CODE_SESSION_ID": "claude-code",
    "CURSOR_AGENT": "cursor",
    "GEMINI_CLI": "gemini",
    "CODEX_THREAD_ID": "codex",
    "CODEX_SESSION_ID": "codex",
    "CODEX_CI": "codex",
    "CODEX_SANDBOX": "codex",
    "OPENCODE": "opencode",
    "OPENCODE_PID": "opencode",
    "QWEN_CODE": "qwen",
    "COPILOT_CLI": "copilot",
    "CLINE_ACTIVE": "cline",
    "CLINE_CONNECTOR_CLI_LAUNCH": "cline",
    "CRUSH": "crush",
    "KIRO": "kiro",
    "AUGMENT_AGENT": "augment",
    "ANTIGRAVITY_AGENT": "antigravity",
    "GOOSE_TERMINAL": "goose",
    "AMP_THREAD_ID": "amp",
    "AMP_CURRENT_THREAD_ID": "amp",
    "REPL_AGENT": "replit",
    "AI_AGENT": "unknown",  # the last: several agents set these two beside a marker of their own
    "AGENT": "unknown",
}
"""Variables that agents set for what they run, and whose they are. Of several, the first tells the name.

Only those: what an editor sets in each of its terminals, or a person to choose a model, would make a person an agent.
The clients and the reference have this list from here: `make docs`.
"""

KNOWN_MARKERS = tuple(KNOWN_AGENTS)
"""The same variables; `agents: {markers: […]}` replaces them."""

UNKNOWN_AGENT = "unknown"
"""The name of an agent whose marker is not known, or that has none."""

HOOKED = ("windsurf", "vscode")
"""Agents that leave no marker of their own, and that only their hook can name."""

AGENTS = tuple(dict.fromkeys((*KNOWN_AGENTS.values(), *HOOKED, UNKNOWN_AGENT)))
"""All names."""

FORCED = "SAFESHELL_CONTEXT"
"""The variable by which whoever starts a process says that an agent asks."""

_FORCED = b"\0SAFESHELL_CONTEXT=ai\0"


class Context:
    """Tells `ai` from `human` by an environment block."""

    __slots__ = ("_find", "_markers")

    def __init__(self, markers: Iterable[str] = KNOWN_MARKERS) -> None:
        self._markers = [marker.encode() for marker in markers]
        # An empty value does not count.
        names = b"|".join([re.escape(marker) for marker in self._markers]) or rb"(?!)"
        self._find = re.compile(b"\0(" + names + b")=(?!\0)").findall

    @property
    def variables(self) -> list[bytes]:
        """The names of all variables that it hangs on."""
        return [FORCED.encode(), *self._markers]

    @property
    def agents(self) -> set[str]:
        """The names of the agents that it knows."""
        return {KNOWN_AGENTS[name] for marker in self._markers if (name := marker.decode()) in KNOWN_AGENTS}

    def is_ai(self, environment: bytes) -> bool:
        """Whether the context is `ai`; the environment as in `agent`."""
        return self.agent(environment) is not None

    def sign(self, environment: bytes) -> str | None:
        """The variable that tells that an agent asks; None where a person does. The environment as in `agent`."""
        found: list[bytes] = self._find(environment)
        if found:
            return min(found, key=self._markers.index).decode()
        return FORCED if _FORCED in environment else None

    def agent(self, environment: bytes) -> str | None:
        """The name of the agent that asks; None where a person does.

        Args:
            environment: entries each ended by NUL, and one NUL before the first.
        """
        sign = self.sign(environment)
        return None if sign is None else KNOWN_AGENTS.get(sign, UNKNOWN_AGENT)


class HookContext(Context):
    """The context of a line that an agent's hook asks about: the hook says which agent that is.

    Args:
        name: the agent's.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        super().__init__(())
        self._name = name

    def sign(self, environment: bytes) -> str | None:
        """The hook; it is no variable."""
        del environment
        return HOOK

    def agent(self, environment: bytes) -> str | None:
        """The agent whose hook it is."""
        del environment
        return self._name


HOOK = "safeshell-hook"
"""What tells that an agent asks, where its hook does."""
