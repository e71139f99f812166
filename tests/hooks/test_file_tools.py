"""Calls of agents' file tools: which files their envelopes name, agent by agent."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hooks.envelopes import SAMPLES

from safeshell.hooks.agent import NAMES, agent_of
from safeshell.hooks.envelope import read_call
from safeshell.hooks.file_tools import PATHS_MAX, FileTool, files_of, files_of_line, patches, reads, writes
from safeshell.hooks.wiring.agent import JsonEntry, WholeFile
from safeshell.hooks.wiring.agents import all_agents
from safeshell.policy.world import FileUse

PATCH = """\
*** Begin Patch
*** Add File: docs/new.md
+hello
+*** not a file
*** Update File: /etc/hosts
*** Move to: ../hosts
@@ def f():
-a
+b
*** Delete File: old name.txt
*** End Patch
"""
PATCHED = ("docs/new.md", "/etc/hosts", "../hosts", "old name.txt")
BEHIND_CD = ("a b/docs/new.md", "/etc/hosts", "a b/../hosts", "a b/old name.txt")

CALLS = [
    ("claude-code", "Write", {"file_path": "/a/b", "content": "x"}, FileUse(("/a/b",))),
    ("claude-code", "Edit", {"file_path": "/a/b"}, FileUse(("/a/b",))),
    ("claude-code", "MultiEdit", {"file_path": "/a/b", "edits": []}, FileUse(("/a/b",))),
    ("claude-code", "NotebookEdit", {"notebook_path": "/a/b.ipynb"}, FileUse(("/a/b.ipynb",))),
    ("claude-code", "Read", {"file_path": "a b"}, FileUse(reads=("a b",))),
    ("codex", "apply_patch", {"command": PATCH}, FileUse(PATCHED)),
    ("gemini", "write_file", {"file_path": "x"}, FileUse(("x",))),
    ("gemini", "replace", {"file_path": "x"}, FileUse(("x",))),
    ("gemini", "read_file", {"absolute_path": "/x"}, FileUse(reads=("/x",))),
    ("gemini", "read_many_files", {"include": ["src/**/*.py", "a"]}, FileUse(reads=("src/**/*.py", "src/", "a"))),
    ("gemini", "read_many_files", {"include": ["*.env"]}, FileUse(reads=("*.env", "."))),
    ("qwen", "edit", {"file_path": "x"}, FileUse(("x",))),
    ("qwen", "read_file", {"file_path": "x"}, FileUse(reads=("x",))),
    ("opencode", "write", {"filePath": "x"}, FileUse(("x",))),
    ("opencode", "patch", {"patchText": PATCH}, FileUse(PATCHED)),
    ("opencode", "read", {"filePath": "x"}, FileUse(reads=("x",))),
    ("copilot", "create", {"path": "x"}, FileUse(("x",))),
    ("copilot", "view", {"path": "x"}, FileUse(reads=("x",))),
    ("copilot", "str_replace_editor", {"path": "x"}, FileUse(("x",), ("x",))),
    ("cline", "editor", {"path": "x", "new_text": "a"}, FileUse(("x",))),
    ("cline", "read_files", {"files": [{"path": "x"}, "y"]}, FileUse(reads=("x", "y"))),
    ("kiro", "fs_read", {"operations": [{"path": "x"}, {"path": "y"}]}, FileUse(reads=("x", "y"))),
    ("antigravity", "write_to_file", {"TargetFile": "/x"}, FileUse(("/x",))),
    ("vscode", "multi_replace_string_in_file", {"replacements": [{"filePath": "/x"}]}, FileUse(("/x",))),
    ("crush", "multiedit", {"file_path": "x"}, FileUse(("x",))),
]


def envelope(name: str, tool: str, given: Any) -> bytes:
    """The agent's own form of a shell's call, with another tool and its input in it."""
    sample = next(one for one in SAMPLES if one.agent == name)
    made = sample.make("LINE", "/work")
    its = agent_of(name)
    assert its is not None
    shape = its.shapes[read_call(its, json.dumps(made).encode()).shape]
    for path, value in ((shape.tool, tool), (shape.given, given)):
        at = made
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
    return json.dumps(made).encode()


@pytest.mark.parametrize(("name", "tool", "given", "used"), CALLS, ids=lambda value: str(value)[:20])
def test_each_agents_file_tools_name_their_files(name: str, tool: str, given: Any, used: FileUse) -> None:
    its = agent_of(name)
    assert its is not None
    call = read_call(its, envelope(name, tool, given))
    assert (call.tool, call.line, call.files) == (tool, None, used)
    text = read_call(its, envelope(name, tool, json.dumps(given)))
    assert text.files == used  # an agent may send its input as a text


def test_other_tools_have_no_files() -> None:
    its = agent_of("claude-code")
    assert its is not None
    assert read_call(its, envelope("claude-code", "Glob", {"pattern": "*"})).files is None
    assert read_call(its, envelope("claude-code", "Bash", {"command": "ls"})).files is None


@pytest.mark.parametrize(
    ("tool", "given", "used"),
    [
        (writes("path"), {}, FileUse(untold=("writes",))),
        (writes("path"), None, FileUse(untold=("writes",))),
        (writes("path"), {"path": ""}, FileUse(untold=("writes",))),
        (writes("path"), {"path": 7}, FileUse(untold=("writes",))),
        (writes("path"), {"path": "a\0b"}, FileUse(untold=("writes",))),
        (writes("path"), {"path": []}, FileUse(untold=("writes",))),
        (writes("path"), {"path": ["a", None]}, FileUse(untold=("writes",))),
        (writes("path"), {"path": ["a"] * (PATHS_MAX + 1)}, FileUse(untold=("writes",))),
        (reads("path"), {"path": '["a", "b"]'}, FileUse(reads=("a", "b"))),
        (reads("path"), {"path": '["a"'}, FileUse(reads=('["a"',))),
        (reads("path"), {"path": "{a}"}, FileUse(reads=("{a}",))),
        (reads("all[].path"), {"all": '[{"path": "a"}, {}]'}, FileUse(reads=("a",))),
        (reads("path", globs=True), {"path": "/etc/{a,b}/c"}, FileUse(reads=("/etc/{a,b}/c", "/etc/"))),
        (patches("text"), {"text": "no patch"}, FileUse(untold=("writes",))),
        (patches("text"), {"text": "  *** Update File:   a  \r\n"}, FileUse(("a",))),
        (FileTool(writes=("path",), reads=("path",)), {}, FileUse(untold=("writes", "reads"))),
    ],
)
def test_what_is_not_named_is_not_told(tool: FileTool, given: Any, used: FileUse) -> None:
    assert files_of(tool, given) == used


def test_a_patch_that_is_no_text_is_not_told() -> None:
    assert files_of(patches("text"), {"text": 7}) == FileUse(untold=("writes",))


@pytest.mark.parametrize("name", [name for name in NAMES if name in all_agents()])
def test_the_wiring_asks_about_just_these_tools(name: str) -> None:
    """Where an agent is told by a pattern which calls to ask about."""
    its = agent_of(name)
    assert its is not None
    for place in all_agents()[name].places:
        wiring = place.wiring
        value = wiring.value if not isinstance(wiring, WholeFile) else wiring.text
        text = json.dumps(value, default=str)
        found = re.findall(r'"matcher": "([^"]*)"', text)
        if isinstance(wiring, JsonEntry | WholeFile) and not found:
            continue  # it asks about all its tools, or about lines alone
        (matcher,) = found
        named = {tool.lower() for tool in re.findall(r"\w+", matcher)}
        assert set(its.file_tools) <= named
        assert named <= set(its.file_tools) | set(its.shell_tools)


@pytest.mark.parametrize(
    ("line", "used"),
    [
        (f"apply_patch <<'EOF'\n{PATCH}EOF\n", FileUse(PATCHED)),
        (
            f"cd 'a b' && apply_patch <<'EOF'\n{PATCH}EOF\n",
            FileUse(BEHIND_CD),
        ),
        (f'cd "$X" && apply_patch <<EOF\n{PATCH}EOF\n', FileUse(untold=("writes",))),
        (f"pushd a; apply_patch <<EOF\n{PATCH}EOF\n", FileUse(untold=("writes",))),
        ("true; apply_patch <<EOF\n*** Begin Patch\n*** Add File: /a\n+x\nEOF\n", FileUse(("/a",))),
        ("cd ' && apply_patch <<EOF\n*** Add File: a\nEOF\n", FileUse(untold=("writes",))),
        ("apply_patch --help", None),
        ("git apply <<EOF\n*** Add File: a\nEOF\n", None),
    ],
)
def test_a_patch_in_a_line_names_its_files(line: str, used: FileUse | None) -> None:
    assert files_of_line(line) == used
    codex, other = agent_of("codex"), agent_of("claude-code")
    assert codex is not None
    assert other is not None
    data = envelope("codex", "Bash", {"command": line})
    assert (read_call(codex, data).line, read_call(codex, data).files) == (line, used)
    assert read_call(other, data).files is None
