"""Envelopes are read as each agent sends them; what is not understood is never a line, and never nothing."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
from hooks.envelopes import SAMPLES, Sample, claude

from safeshell.hooks.agent import NAMES, Agent, agent_of, dialect_of, write
from safeshell.hooks.envelope import ENVELOPE_MAX, LINE_MAX, Call, EnvelopeError, LongLineError, read_call


def agent(name: str) -> Agent:
    found = agent_of(name)
    assert found is not None
    return found


def read(envelope: Any, name: str = "claude-code") -> Call:
    return read_call(agent(name), envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode())


def refusal(envelope: Any, name: str = "claude-code") -> str:
    with pytest.raises(EnvelopeError) as error:
        read(envelope, name)
    return error.value.reason


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.agent)
def test_each_agents_line_and_directory_are_found(sample: Sample) -> None:
    call = read(sample.make("rm -rf x", "/work/here"), sample.agent)
    assert (call.line, call.directory) == ("rm -rf x", "/work/here")
    assert call.tool


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.agent)
def test_each_agent_is_told_in_its_own_form(sample: Sample) -> None:
    its = agent(sample.agent)
    call = read(sample.make("x", "/"), sample.agent)
    reason = "denied by rule it's (r:3)"
    told = write(its.shapes[call.shape].deny or its.deny, reason)
    stdout, stderr, status = sample.denied
    if stdout is not None:
        expected = json.dumps(stdout).replace("REASON", reason).replace("QUOTED", json.dumps(shlex.quote(reason))[1:-1])
        assert json.loads(re.sub(rb"# \d+\.\d+", b"# NTH", told.stdout)) == json.loads(expected)
    assert (told.stderr, told.status) == (reason.encode() + b"\n" if stderr else b"", status)
    allowed = write(its.allow)
    assert (allowed.stderr, allowed.status) == (b"", 0)
    assert (json.loads(allowed.stdout) if allowed.stdout else None) == sample.allowed


def test_cline_is_never_told_the_same_twice() -> None:
    deny = agent("cline").deny
    assert len({write(deny, "no").stdout for _ in range(5)}) == 5


@pytest.mark.parametrize("name", NAMES)
def test_another_agents_envelope_is_none(name: str) -> None:
    for strange in ({}, {"toolCalls": [{"name": "bash"}]}, {"hook_event_name": "Stop", "hookName": "x", "event": 1}):
        assert refusal(strange, name).startswith(f"it is none that is known of {name}: its keys are ")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "windsurf"])
def test_what_is_no_shell_is_no_line(name: str) -> None:
    sample = next(one for one in SAMPLES[::-1] if one.agent == name)
    envelope = json.dumps(sample.make("x", "/"))
    for tool in ("Bash", "bash", "run_shell_command", "execute_command", "Shell", "execute_bash", "run_command"):
        envelope = envelope.replace(f'"{tool}"', '"Read"')
    assert read(envelope.replace('"run_in_terminal"', '"Read"').encode(), name).line is None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is no JSON"),
        (b"{", "it is no JSON"),
        (b"[]", "it is no JSON object"),
        (b"null", "it is no JSON object"),
        (b'{"a": NaN}', "NaN is no JSON"),
        (b'{"a": -Infinity}', "-Infinity is no JSON"),
        (b'{"a": 1}{"a": 1}', "it is no JSON"),
        (b'{"a": ' + b"1" * 5000 + b"}", "it is no JSON"),
        (b'{"a": "\xff"}', "it is no UTF-8"),
        (b"[" * 200_000, "it is nested too deep"),
        (b'{"a":' * 200_000, "it is nested too deep"),
        (b'{"tool_name": "Bash", "tool_name": "Read"}', "a key stands in it twice"),
        (b'{"a": {"b": 1, "b": 1}}', "a key stands in it twice"),
        (b" " * (ENVELOPE_MAX + 1), "it is longer than 16 MiB"),
    ],
)
def test_what_is_no_envelope_says_so(data: bytes, why: str) -> None:
    assert refusal(data) == why


def test_a_mark_of_byte_order_is_no_part_of_it() -> None:
    assert read(b"\xef\xbb\xbf" + json.dumps(claude()("ls", "/")).encode()).line == "ls"


def test_an_unpaired_surrogate_becomes_what_is_run_in_its_place() -> None:
    assert read(json.dumps(claude()("echo X", "/")).replace("X", "\\ud800 \\ud83d\\ude00").encode()).line == (
        "echo \N{REPLACEMENT CHARACTER} \N{GRINNING FACE}"
    )


@pytest.mark.parametrize("line", [None, 1, ["ls", 1], [], {"a": "b"}, True])
def test_a_shell_without_a_line_isnt_understood(line: Any) -> None:
    assert refusal(claude()(line, "/")) == "it doesn't say what Bash is to run"


def test_a_line_that_no_program_can_be_given_isnt_understood() -> None:
    assert refusal(claude()("ls\0rm x", "/")) == "its line holds a NUL"


def test_a_long_line_is_one_that_cant_be_judged() -> None:
    assert len(read(claude()("x" * LINE_MAX, "/")).line or "") == LINE_MAX
    with pytest.raises(LongLineError):
        read(claude()("x" * (LINE_MAX + 1), "/"))


@pytest.mark.parametrize(
    ("directory", "found"),
    [("", ""), (None, ""), ("/a/b", "/a/b"), (1, None), ("a", None), ("/a\0b", None), (["/x"], "/x"), ({}, None)],
)
def test_a_directory_is_absolute_or_none(directory: Any, found: str | None) -> None:
    envelope = claude()("ls", directory)
    if found is None:
        assert refusal(envelope).startswith("its directory is ")
    else:
        assert read(envelope).directory == found


def test_a_tools_own_directory_is_relative_to_the_sessions() -> None:
    envelope = SAMPLES[2].make("ls", "sub/dir")
    assert read({**envelope, "cwd": "/work"}, "gemini").directory == "/work/sub/dir"


def test_of_several_lines_each_is_a_shells_of_its_own() -> None:
    sample = next(one for one in SAMPLES if one.agent == "cline")
    envelope = sample.make("", "/")
    envelope["tool_call"]["input"]["commands"] = ["cat <<E", "rm 'x y'"]
    assert read(envelope, "cline").line == "bash -c 'cat <<E'\nbash -c 'rm '\"'\"'x y'\"'\"''"


def test_a_line_that_looks_like_a_list_is_one_where_lists_are_flattened() -> None:
    listed = '["ls", "rm x"]'
    assert read(claude()(listed, "/")).line == listed
    old = next(one for one in SAMPLES[::-1] if one.agent == "cline")
    assert read(old.make(listed, "/"), "cline").line == "bash -c ls\nbash -c 'rm x'"
    assert read(old.make("[ -f x ] && ls", "/"), "cline").line == "[ -f x ] && ls"


def test_the_shell_is_the_users_where_the_agent_takes_that() -> None:
    assert [dialect_of(agent("claude-code"), shell) for shell in (b"/usr/bin/zsh", b"/bin/fish", None)] == [
        *("zsh", "bash", "bash")
    ]
    assert dialect_of(agent("codex"), b"/usr/bin/zsh") == "bash"


def test_what_a_line_may_be_replaced_in_is_kept_whole() -> None:
    call = read(claude()("ls", "/"))
    assert (call.field, call.input) == ("command", {"command": "ls", "description": "does it"})
    assert read(claude()("ls", "/"), "codex").input is None  # which has no way without an `allow`
    text = read({"cwd": "/", "toolName": "bash", "toolArgs": '{"command": "ls", "n": 1}'}, "copilot")
    assert (text.field, text.input) == ("command", {"command": "ls", "n": 1})
    lines = {"hookName": "tool_call", "tool_call": {"name": "run_commands", "input": {"commands": ["a", "b"]}}}
    assert read(lines, "cline").input is None
    assert read({**claude()("ls", "/"), "padding": "x" * LINE_MAX}).input is None
