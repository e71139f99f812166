"""Who is asking, by the environment."""

from __future__ import annotations

import pytest

from safeshell.command.command_line import block
from safeshell.policy.context import KNOWN_AGENTS, KNOWN_MARKERS, Context


def is_ai(context: Context, *entries: bytes) -> bool:
    return context.is_ai(b"\0" + block(entries))


@pytest.mark.parametrize("marker", KNOWN_MARKERS)
def test_every_known_marker_means_an_agent_unless_it_is_empty(marker: str) -> None:
    name = marker.encode()
    assert is_ai(Context(), b"A=1", name + b"=1", b"B=2")
    assert is_ai(Context(), name + b"=0")
    assert not is_ai(Context(), name + b"=")
    assert not is_ai(Context(), name)
    assert not is_ai(Context(), b"X" + name + b"=1", name + b"X=1", b"A=" + name + b"=1")


def test_safeshell_context_can_only_say_ai() -> None:
    assert is_ai(Context(), b"SAFESHELL_CONTEXT=ai")
    assert not is_ai(Context(), b"SAFESHELL_CONTEXT=human")
    assert not is_ai(Context(), b"SAFESHELL_CONTEXT=ai2")
    assert is_ai(Context(), b"SAFESHELL_CONTEXT=human", b"CLAUDECODE=1")


def test_settings_replace_the_markers() -> None:
    assert is_ai(Context(["MINE"]), b"MINE=x")
    assert not is_ai(Context(["MINE"]), b"CLAUDECODE=1")
    assert not is_ai(Context([]), b"CLAUDECODE=1")


def test_an_empty_environment_is_a_humans() -> None:
    assert not Context().is_ai(b"\0")


def agent(context: Context, *entries: bytes) -> str | None:
    return context.agent(b"\0" + block(entries))


@pytest.mark.parametrize("marker", KNOWN_MARKERS)
def test_a_marker_tells_the_agents_name_unless_it_is_empty(marker: str) -> None:
    name = marker.encode()
    assert agent(Context(), b"A=1", name + b"=1") == KNOWN_AGENTS[marker]
    assert agent(Context(), name + b"=") is None


def test_a_person_is_no_agent_and_one_without_a_marker_is_unknown() -> None:
    assert agent(Context(), b"A=1") is None
    assert agent(Context(), b"SAFESHELL_CONTEXT=ai") == "unknown"
    assert agent(Context(), b"SAFESHELL_CONTEXT=ai", b"CODEX_THREAD_ID=1") == "codex"


def test_a_marker_of_the_settings_is_unknown_unless_it_is_a_known_ones() -> None:
    assert agent(Context(["MINE"]), b"MINE=x") == "unknown"
    assert agent(Context(["MINE", "CLAUDECODE"]), b"CLAUDECODE=1") == "claude-code"
    assert agent(Context(["MINE"]), b"CLAUDECODE=1") is None


def test_of_several_markers_the_first_tells_the_name() -> None:
    assert agent(Context(), b"AGENT=1", b"OPENCODE_PID=7") == "opencode"
    assert agent(Context(), b"AI_AGENT=x", b"AGENT=1") == "unknown"
    assert agent(Context(["GEMINI_CLI", "CLAUDECODE"]), b"CLAUDECODE=1", b"GEMINI_CLI=1") == "gemini"


@pytest.mark.parametrize(
    "entry", [b"CURSOR_TRACE_ID=1", b"AIDER_MODEL=x", b"TERM_PROGRAM=kiro", b"CODEX_HOME=/x", b"AGENTS=1"]
)
def test_what_a_person_has_too_is_no_marker(entry: bytes) -> None:
    assert agent(Context(), entry) is None
