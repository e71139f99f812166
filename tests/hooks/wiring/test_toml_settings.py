"""Entries in TOML files that others share: put at the end, replaced in place, taken out to the byte."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeshell.hooks.wiring.agent import COMMAND, TomlEntry
from safeshell.hooks.wiring.json_tree import BrokenError
from safeshell.hooks.wiring.notes import Note
from safeshell.hooks.wiring.toml_settings import TomlSettings, read

WIRING = TomlEntry(
    keys=("hooks", "PreToolUse"),
    value={"matcher": "^Bash$", "hooks": [{"type": "command", "command": COMMAND, "timeout": 120}]},
    handlers="hooks",
)
PROGRAM = "/home/a/.safeshell/hooks/safeshell-hook"

PARTS = (
    'model = "gpt"\n',
    "# the user's\n",
    "\n",
    'notify = ["a", "b"]  # two\n',
    "[features]\nhooks = true\n",
    '[mcp_servers."a b"]\ncommand = "x"\n\n',
    '[[hooks.PreToolUse]]\nmatcher = "Edit"\n\n[[hooks.PreToolUse.hooks]]\ntype = "command"\ncommand = "theirs"\n',
    '[hooks.state."/a/hooks.json:pre_tool_use:0:0"]\ntrusted_hash = "sha256:0"\n',
    'text = """\n[[hooks.PreToolUse]]\n"""\n',
    "[[hooks.Stop]]\nhooks = []\n# end\n",
)


def settings(text: str) -> TomlSettings:
    return TomlSettings(text, WIRING, "codex")


def note() -> Note:
    return Note("codex", "user", "config.toml")


@st.composite
def texts(draw: st.DrawFn) -> str:
    parts = draw(st.lists(st.sampled_from(PARTS), max_size=5, unique=True))
    text = "".join(parts)
    if draw(st.booleans()):
        text = text.removesuffix("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@given(texts(), st.sampled_from(["", "\n[later]\na = 1\n", "# later\n"]))
def test_what_is_put_in_comes_out_to_the_byte(text: str, later: str) -> None:
    try:
        tomllib.loads(text)
        tomllib.loads(text + "\n" + later)
    except tomllib.TOMLDecodeError:  # the parts do not fit together
        return
    kept, edited = note(), settings(text)
    try:
        edited.put(PROGRAM, kept)
    except BrokenError as error:
        assert '"""' in text  # a heading in a string
        assert "takes a person" in error.reason  # noqa: PT017
        return
    installed = edited.text
    assert [one.value["matcher"] for one in edited.ours(PROGRAM)] == ["^Bash$"]
    edited.put(PROGRAM, kept)
    assert edited.text == installed
    changed = settings(installed + later)
    try:
        changed.take(PROGRAM, kept)
    except BrokenError as error:
        assert '"""' in text
        assert "takes a person" in error.reason  # noqa: PT017
        return
    end = "" if not text or text.endswith("\n") or not later else "\r\n" if "\r\n" in text else "\n"
    assert changed.text == text + end + later


def test_an_older_entry_is_replaced_in_place() -> None:
    kept, edited = note(), settings("a = 1\n")
    edited.put("/old/safeshell-hook", kept)
    theirs = '# theirs\n[[hooks.PreToolUse]]\nmatcher = "x"\nhooks = []\n'
    renewed = settings(edited.text + theirs)
    renewed.put(PROGRAM, kept)
    assert renewed.text == edited.text.replace("/old/safeshell-hook", PROGRAM) + theirs
    renewed.take(PROGRAM, kept)
    assert renewed.text == f"a = 1\n{theirs}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[hooks]\nPreToolUse = [{matcher = "x"}]\n', "takes a person to edit"),
        ("hooks = {Stop = []}\n", "takes a person to edit"),
        ("[hooks]\nPreToolUse = 1\n", "should be an array of tables"),
    ],
)
def test_what_is_written_otherwise_is_left_to_a_person(text: str, reason: str) -> None:
    with pytest.raises(BrokenError, match=reason):
        settings(text).put(PROGRAM, note())


@pytest.mark.parametrize(("text", "at"), [("a = 1\nb = \n", 10), ("a = 1\r\nb = \r\n", 11), ("a = [", 5)])
def test_what_is_broken_is_refused_with_its_place(text: str, at: int) -> None:
    with pytest.raises(BrokenError) as raised:
        read(text)
    assert raised.value.at == at
