"""Who is asking: an AI agent, by its name, or a person. Agents leave a marker in the environment of what they run."""

from __future__ import annotations

from collections.abc import Iterable

KNOWN_AGENTS = {
    "CLAUDECODE": "claude-code",
    "CURSOR_AGENT": "cursor",
    "GEMINI_CLI": "gemini",
    "CODEX_SANDBOX": "codex",
    "CODEX_THREAD_ID": "codex",
    "AIDER_MODEL": "aider",
    "OPENCODE": "opencode",
    "GOOSE_TERMINAL": "goose",
    "AMP_THREAD_ID": "amp",
    "CLINE_ACTIVE": "cline",
    "REPL_AGENT": "replit",
    "CURSOR_TRACE_ID": "cursor",  # the last: other agents run in Cursor's terminal
}
"""Variables that agents set for what they run, and whose they are. Of several, the first tells the name."""

KNOWN_MARKERS = tuple(KNOWN_AGENTS)
"""The same variables; `agents: {markers: […]}` replaces them."""

UNKNOWN_AGENT = "unknown"
"""The name of an agent whose marker is not known, or that has none."""

AGENTS = (*dict.fromkeys(KNOWN_AGENTS.values()), UNKNOWN_AGENT)
"""All names."""

_FORCED = b"\0SAFESHELL_CONTEXT=ai\0"


class Context:
    """Tells `ai` from `human` by an environment block."""

    __slots__ = ("_needles",)

    def __init__(self, markers: Iterable[str] = KNOWN_MARKERS) -> None:
        self._needles = [
            (b"\0" + marker.encode() + b"=", KNOWN_AGENTS.get(marker, UNKNOWN_AGENT)) for marker in markers
        ]

    @property
    def variables(self) -> list[bytes]:
        """The names of all variables that it hangs on."""
        return [b"SAFESHELL_CONTEXT", *(needle[1:-1] for needle, _ in self._needles)]

    def is_ai(self, environment: bytes) -> bool:
        """Whether the context is `ai`; the environment as in `agent`."""
        return self.agent(environment) is not None

    def agent(self, environment: bytes) -> str | None:
        """The name of the agent that asks; None where a person does.

        Args:
            environment: entries each ended by NUL, and one NUL before the first.
        """
        for needle, name in self._needles:
            at = environment.find(needle)
            if at >= 0 and environment[at + len(needle)]:  # an empty value does not count
                return name
        return UNKNOWN_AGENT if _FORCED in environment else None
