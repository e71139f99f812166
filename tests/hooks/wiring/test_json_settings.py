"""Entries in JSON files that others share: only ours changes, and what was put in comes out to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeshell.hooks.wiring.agent import COMMAND, JsonEntry
from safeshell.hooks.wiring.json_settings import JsonSettings
from safeshell.hooks.wiring.json_tree import BrokenError, Document
from safeshell.hooks.wiring.notes import Note
from safeshell.hooks.wiring.ours import programs

CLAUDE = JsonEntry(
    keys=("hooks", "PreToolUse"),
    value={"matcher": "Bash", "hooks": [{"type": "command", "command": COMMAND, "timeout": 120}]},
    handlers="hooks",
)
COMMENTED = JsonEntry(keys=CLAUDE.keys, value=CLAUDE.value, handlers="hooks", comments=True)
FRAMED = JsonEntry(keys=("hooks", "run"), value={"command": COMMAND}, frame={"version": 1})
MEMBER = JsonEntry(keys=("safeshell",), value={"enabled": True, "run": [{"command": COMMAND}]}, is_member=True)
WIRINGS = (CLAUDE, COMMENTED, FRAMED, MEMBER)

PROGRAM = "/home/a/.safeshell/hooks/safeshell-hook"
OURS = f"{PROGRAM} claude-code"
OLD = "/opt/old/safeshell-hook"


def settings(text: str, wiring: JsonEntry) -> JsonSettings:
    return JsonSettings(text, wiring, "claude-code")


def note() -> Note:
    return Note("claude-code", "user", "settings.json")


def put(text: str, wiring: JsonEntry, program: str = PROGRAM, kept: Note | None = None) -> tuple[str, Note]:
    edited, kept = settings(text, wiring), kept or note()
    edited.put(program, kept)
    return edited.text, kept


def take(text: str, wiring: JsonEntry, kept: Note | None) -> str:
    edited = settings(text, wiring)
    edited.take(PROGRAM, kept)
    if edited.is_bare and kept is not None and kept.made is not None:
        return kept.made
    return edited.text


# Settings files as people, editors and formatters leave them.

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=6)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
GROUPS = st.lists(
    st.fixed_dictionaries({"matcher": st.text(max_size=5), "hooks": st.lists(VALUES, max_size=2)}), max_size=3
)
SHARED = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"hooks": st.just({})}),
    st.fixed_dictionaries({"hooks": st.fixed_dictionaries({"PreToolUse": GROUPS})}),
    st.fixed_dictionaries({"hooks": st.fixed_dictionaries({"Stop": GROUPS, "run": GROUPS})}),
)
COMMENTS = ("// the user's\n", "/* the\nuser's */", "/**/")


@st.composite
def texts(draw: st.DrawFn, comments: bool) -> str:
    """A settings file: blanks, and comments where they may be, wherever a reader allows them."""
    value = {**draw(st.dictionaries(st.text(max_size=4), VALUES, max_size=2)), **draw(SHARED)}
    if draw(st.booleans()):
        value = dict(reversed(value.items()))
    style = draw(st.sampled_from([None, 0, 1, 2, 4, "\t"]))
    if style is not None and not draw(st.booleans()):
        text = json.dumps(value, indent=style, ensure_ascii=draw(st.booleans()))
    else:
        text = _strewn(draw, value, comments)
    if draw(st.integers(0, 9)) == 0:
        text = ""
    text = draw(st.sampled_from(["", "\n", " "])) + text + draw(st.sampled_from(["", "\n", "\n\n", " "]))
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def _strewn(draw: st.DrawFn, value: Any, comments: bool) -> str:
    def gap() -> str:
        blanks = draw(st.sampled_from(["", "", " ", "\n", "\n  "]))
        return blanks + (draw(st.sampled_from(["", "", *COMMENTS])) if comments else "")

    def trailing(parts: list[str]) -> str:
        return "," + gap() if parts and comments and draw(st.booleans()) else ""

    if isinstance(value, dict):
        parts = [f"{gap()}{json.dumps(k)}{gap()}:{gap()}{_strewn(draw, v, comments)}{gap()}" for k, v in value.items()]
        return f"{{{gap()}{','.join(parts)}{trailing(parts)}}}"
    if isinstance(value, list):
        parts = [f"{gap()}{_strewn(draw, one, comments)}{gap()}" for one in value]
        return f"[{gap()}{','.join(parts)}{trailing(parts)}]"
    return json.dumps(value)


@st.composite
def wired(draw: st.DrawFn) -> tuple[str, JsonEntry]:
    wiring = draw(st.sampled_from(WIRINGS))
    return draw(texts(wiring.comments)), wiring


@given(wired())
def test_what_is_put_in_comes_out_to_the_byte(case: tuple[str, JsonEntry]) -> None:
    text, wiring = case
    installed, kept = put(text, wiring)
    assert settings(installed, wiring).ours(PROGRAM)
    assert put(installed, wiring, kept=kept) == (installed, kept)
    assert take(installed, wiring, kept) == text


@given(wired())
def test_an_older_entry_is_replaced_in_place(case: tuple[str, JsonEntry]) -> None:
    text, wiring = case
    old, kept = put(text, wiring, OLD)
    installed, kept = put(old, wiring, kept=kept)
    assert installed == put(text, wiring)[0]
    assert take(installed, wiring, kept) == text


@given(wired(), st.data())
def test_what_others_do_meanwhile_stays(case: tuple[str, JsonEntry], data: st.DataObject) -> None:
    """An edit elsewhere in the text is the same edit of the text without us."""
    text, wiring = case
    installed, kept = put(text, wiring)
    document = Document(text if text.strip() else "{}", comments=wiring.comments)
    spots = [child for child in document.root.children if not child.node.kind and child.key not in wiring.frame]
    if not spots:
        return
    spot = data.draw(st.sampled_from(spots))
    before, after = text[: spot.node.start], text[spot.node.end :]
    edited = Document(installed, comments=wiring.comments).root
    index = document.root.children.index(spot)
    there = edited.children[index].node
    changed = installed[: there.start] + '"another"' + installed[there.end :]
    assert take(changed, wiring, kept) == f'{before}"another"{after}'


@given(wired())
def test_what_others_put_beside_ours_stays(case: tuple[str, JsonEntry]) -> None:
    text, wiring = case
    if wiring.is_member:
        return
    installed, kept = put(text, wiring)
    before = Document(installed, comments=wiring.comments).value
    theirs = JsonEntry(keys=wiring.keys, value={"command": COMMAND}, comments=wiring.comments)
    added = JsonSettings(installed, theirs, "another")
    added.put("/theirs/safeshell-hook", note())
    left = Document(take(added.text, wiring, kept), comments=wiring.comments).value
    expected = Document(text if text.strip() else "{}", comments=wiring.comments).value
    at = before
    for key in wiring.keys:
        at = at[key]
    others = [one for one in at if not programs(one, "claude-code")]
    assert left["hooks"][wiring.keys[-1]][: len(others)] == others
    assert {key: left[key] for key in expected if key != "hooks"} == {k: v for k, v in expected.items() if k != "hooks"}
    assert [one for one in left["hooks"][wiring.keys[-1]] if "another" in str(one)]


GOLDEN = {
    "": '{\n  "hooks": {\n    "PreToolUse": [\n      ENTRY\n    ]\n  }\n}\n',
    "{}\n": '{\n  "hooks": {\n    "PreToolUse": [\n      ENTRY\n    ]\n  }\n}\n',
    '{"a": 1}': '{"a": 1, "hooks": {"PreToolUse": [ENTRY]}}',
    '{\n\t"a": 1\n}\n': '{\n\t"a": 1,\n\t"hooks": {\n\t\t"PreToolUse": [\n\t\t\tENTRY\n\t\t]\n\t}\n}\n',
    '{\n  "hooks": {\n    "PreToolUse": []\n  },\n  "b": 2\n}': (
        '{\n  "hooks": {\n    "PreToolUse": [\n      ENTRY\n    ]\n  },\n  "b": 2\n}'
    ),
}


@pytest.mark.parametrize("text", GOLDEN)
def test_it_looks_like_what_is_there(text: str) -> None:
    short = JsonEntry(keys=CLAUDE.keys, value={"command": COMMAND})
    installed, kept = put(text, short)
    entry = json.dumps({"command": OURS}, indent=2)
    found = Document(installed, comments=False)
    hooks = found.root.member("hooks")
    assert hooks is not None
    array = hooks.node.member("PreToolUse")
    assert array is not None
    child = array.node.children[-1].node
    assert installed[: child.start] + "ENTRY" + installed[child.end :] == GOLDEN[text]
    assert json.loads(installed[child.start : child.end]) == json.loads(entry)
    assert kept.entry == {"command": OURS}


def test_comments_stay_with_what_they_are_about() -> None:
    text = '{\n  "hooks": {"PreToolUse": [\n    {"a": 1}, // first\n    {"b": 2} // second\n    // no more\n  ]},\n}\n'
    short = JsonEntry(keys=CLAUDE.keys, value={"command": COMMAND}, comments=True)
    installed, kept = put(text, short)
    assert '{"b": 2}, // second\n    // no more\n    {\n' in installed
    assert take(installed, short, kept) == text


def test_others_handlers_beside_ours_stay() -> None:
    installed, kept = put("{}", CLAUDE)
    group = json.loads(installed)["hooks"]["PreToolUse"][0]
    group["hooks"].append({"type": "command", "command": "their-guard"})
    text = json.dumps({"hooks": {"PreToolUse": [group]}}, indent=2)
    left = json.loads(take(text, CLAUDE, kept))
    assert left == {"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [group["hooks"][1]]}]}}
    again = json.loads(put(text, CLAUDE, f"/new{PROGRAM}", kept)[0])["hooks"]["PreToolUse"]
    assert again[0]["hooks"] == [group["hooks"][1]]
    assert again[1]["hooks"][0]["command"] == f"/new{PROGRAM} claude-code"


def test_a_frame_stays_for_what_needs_it() -> None:
    installed, kept = put("{}", FRAMED)
    assert json.loads(installed)["version"] == 1
    theirs = json.loads(installed)
    theirs["hooks"]["stop"] = []
    left = json.loads(take(json.dumps(theirs), FRAMED, kept))
    assert left == {"version": 1, "hooks": {"stop": []}}


BROKEN = {
    '{"a": 1,}': (8 - 1, "a comma before }"),
    '{"a" 1}': (5, "expected a colon"),
    "{'a': 1}": (1, "expected a name in double quotes"),
    '{"a": 01}': (7, "expected a comma or }"),
    '{"a": NaN}': (6, "expected a value"),
    '{"a": "\n"}': (6, "a string without an end"),
    '{"a": 1} x': (9, "something stands behind the document's end"),
    "{ // x\n}": (2, "a comment, which this file can't have"),
    "[]": (0, "the document should be an object"),
    '{"hooks": []}': (10, "hooks should be an object"),
    '{"hooks": {"PreToolUse": null}}': (25, "hooks.PreToolUse should be an array"),
    '{"hooks": {}, "hooks": {}}': (14, "hooks is there twice"),
    "[" * 300: (0, ""),
}


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_broken_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(BrokenError) as raised:
        settings(text, CLAUDE)
    at, reason = BROKEN[text]
    if reason:
        assert (raised.value.at, raised.value.reason) == (at, reason)


@given(st.text(alphabet='{}[]:,"\\/*\n 1aeE.-tru', max_size=30))
def test_the_reader_takes_what_python_takes(text: str) -> None:
    try:
        found = Document(text, comments=False).value
    except BrokenError:
        with pytest.raises(ValueError, match=r"."):
            json.loads(text, parse_constant=_no_constant)
    else:
        assert found == json.loads(text, parse_int=str, parse_float=str)


def _no_constant(name: str) -> None:
    """Python takes NaN and Infinity, which no agent's reader does."""
    raise ValueError(name)
