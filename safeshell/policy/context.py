"""Who is asking: an AI agent or a person. Agents leave a marker in the environment of what they run."""

from __future__ import annotations

from collections.abc import Iterable

KNOWN_MARKERS = (
    "CLAUDECODE",
    "CURSOR_AGENT",
    "CURSOR_TRACE_ID",
    "GEMINI_CLI",
    "CODEX_SANDBOX",
    "CODEX_THREAD_ID",
    "AIDER_MODEL",
    "OPENCODE",
    "GOOSE_TERMINAL",
    "AMP_THREAD_ID",
    "CLINE_ACTIVE",
    "REPL_AGENT",
)
"""Variables that agents set for what they run; `agents: {markers: […]}` replaces them."""

_FORCED = b"\0SAFESHELL_CONTEXT=ai\0"


class Context:
    """Tells `ai` from `human` by an environment block."""

    __slots__ = ("_needles",)

    def __init__(self, markers: Iterable[str] = KNOWN_MARKERS) -> None:
        self._needles = [b"\0" + marker.encode() + b"=" for marker in markers]

    @property
    def variables(self) -> list[bytes]:
        """The names of all variables that it hangs on."""
        return [b"SAFESHELL_CONTEXT", *(needle[1:-1] for needle in self._needles)]

    def is_ai(self, environment: bytes) -> bool:
        """Whether the context is `ai`.

        Args:
            environment: entries each ended by NUL, and one NUL before the first.
        """
        if _FORCED in environment:
            return True
        for needle in self._needles:
            at = environment.find(needle)
            if at >= 0 and environment[at + len(needle)]:  # an empty value does not count
                return True
        return False
