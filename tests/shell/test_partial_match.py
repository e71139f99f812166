"""Partial matches: a shape admits every text that may stand in its gaps, quoted as command lines have it."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from safeshell.policy.patterns import search
from safeshell.shell import partial_match
from safeshell.shell.partial_match import could_match, has_to_match
from safeshell.shell.shapes import A_FILE, A_NAME, A_TEMPORARY, ANY_OPERAND, ANY_TEXT, Fill, Many, OneOf, bare, quoted

PATTERNS = (
    *("a", "^a", "a$", r"\ba\b", "a.*b", "^ab( |$)", "a b", "[ab] ", "'a", "b'$", "^''$", r"\s-f\b", r"\.", "/", "^/"),
    r"""^g ('[^']*'|"'"|[^'" ])+ b$""",
)
TEXTS = (
    "",
    "a",
    "b",
    "ab",
    "a b",
    "'",
    "a'b",
    "-f",
    "a -f",
    "A",
    "a/b",
    "/",
    "/a",
    "/tmp/a",
    ".",
    "..",
    "a.b",
    "\u00e9",
)
NAME = "[A-Za-z0-9_]([A-Za-z0-9_.,@%+]|-(?!-)|/(?=[A-Za-z0-9_]))*"
FILLS = {
    ANY_TEXT: ".*",
    ANY_OPERAND: "(?!-).*",
    A_NAME: NAME,
    A_FILE: "(?![-.])[^/]*",
    A_TEMPORARY: f"(/tmp/)?{NAME}",
}


def admits(fill: Fill, text: str, *, first: bool) -> bool:
    form = FILLS[ANY_TEXT if fill is ANY_OPERAND and not first else fill]
    return re.fullmatch(form, text, re.DOTALL) is not None


@given(
    st.sampled_from(PATTERNS),
    st.sampled_from(tuple(FILLS)),
    st.sampled_from(("", "g ", "a ")),
    st.sampled_from(("", "a", "x y", "'", "/")),
    st.sampled_from(TEXTS),
    st.sampled_from(("", "b", " ", "'")),
    st.sampled_from(("", " b", "'")),
)
def test_a_gap_admits_every_text(
    pattern: str, fill: Fill, before: str, first: str, text: str, last: str, after: str
) -> None:
    assume(admits(fill, text, first=not first))
    parts: list[str | Fill] = [*([first] if first else []), fill, *([last] if last else [])]
    found = search(pattern, before + shlex.quote(first + text + last) + after)
    line = (before, *quoted(parts), after)
    assert could_match(pattern, line) or not found
    assert found or not has_to_match(pattern, line)
    assert could_match(pattern, bare(parts)) or not search(pattern, first + text + last)


@pytest.mark.parametrize(
    ("pattern", "fill", "could", "has_to"),
    [
        ("^'a'$", ANY_TEXT, False, False),  # what needs no quotes gets none
        ("^'a '$", ANY_TEXT, True, False),
        ("^''$", ANY_TEXT, True, False),
        ("^$", ANY_TEXT, False, False),
        ("^.", ANY_TEXT, True, True),
        ("^-", ANY_OPERAND, False, False),
        (r"drop\s", A_NAME, False, False),
        ("^-|'|^\\.|^/|--|=", A_NAME, False, False),
        ("^/tmp/", A_TEMPORARY, True, False),
        ("^/etc", A_TEMPORARY, False, False),
        ("[A-Za-z0-9_]", A_NAME, True, True),
    ],
)
def test_a_gap_admits_no_more_than_that(pattern: str, fill: Fill, could: bool, has_to: bool) -> None:
    line = quoted([fill])
    assert (could_match(pattern, line), has_to_match(pattern, line)) == (could, has_to)


def test_choices_and_repetitions() -> None:
    line = ("a", OneOf(((), (Many((" ", A_NAME.bare)),))))
    assert could_match("^a$", line)
    assert could_match("^a x y z$", line)
    assert not could_match("^a {2}", line)
    assert has_to_match("^a( |$)", line)
    assert not has_to_match("^a ", line)
    assert not has_to_match("^a$", line)


def test_what_is_too_much_to_tell_apart_closes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert has_to_match("[a-f]$|[^a-f]$", (A_NAME.bare,))
    monkeypatch.setattr(partial_match, "APART_MAX", 1)
    assert not has_to_match("[a-e]$|[^a-e]$", (A_NAME.bare,))
