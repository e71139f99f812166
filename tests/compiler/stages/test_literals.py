"""Required literals: whatever RE2 finds a pattern in has one of each choice; and grams, which stand for them."""

from __future__ import annotations

import pytest
from budget import examples
from hypothesis import given
from hypothesis import strategies as st
from safeshell_compiler.stages.literals import ALTERNATIVES_MAX, required_literals

from safeshell.policy.grams import grams_of, grams_of_literal
from safeshell.policy.patterns import check, quote, search

Piece = tuple[str, str]
"""A pattern, and a text that it was made for; RE2 says whether it is found there."""

ALPHABET = "abkKsS\u212a\u017fé\u00c9/-. _\n7\ufffd"
_CHARS = st.sampled_from(ALPHABET)
_LEAVES: st.SearchStrategy[Piece] = st.one_of(
    _CHARS.map(lambda char: (quote(char), char)),
    st.text(_CHARS, min_size=2, max_size=6).map(lambda word: (quote(word), word)),
    st.text(st.sampled_from("ab-"), min_size=1, max_size=6).map(lambda word: (rf"\Q{word}\E", word)),
    st.tuples(
        st.sampled_from(["[a-c]", "[A-a]", "[^/]", "[aA]", "[kK]", r"\d", ".", r"\pL", "[[:alpha:]]", r"\S"]), _CHARS
    ),
    st.sampled_from(
        [(r"\b", ""), ("^", ""), ("$", ""), (r"\B", ""), ("", ""), ("(?i)", ""), (r"\x61", "a"), (r"\x{2d}", "-")]
    ),
)


def _larger(pieces: st.SearchStrategy[Piece]) -> st.SearchStrategy[Piece]:
    return st.one_of(
        st.lists(pieces, min_size=2, max_size=4).map(
            lambda parts: ("".join(part for part, _ in parts), "".join(text for _, text in parts))
        ),
        st.tuples(pieces, pieces, st.booleans()).map(
            lambda it: (f"({it[0][0]}|{it[1][0]})", it[0][1] if it[2] else it[1][1])
        ),
        st.tuples(pieces, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "+?"]), st.integers(0, 3)).map(
            lambda it: (f"(?:{it[0][0]}){it[1]}", it[0][1] * it[2])
        ),
        st.tuples(pieces, st.sampled_from(["(?i:{})", "(?i){}", "(?P<n>{})", "(?m-i:{})"])).map(
            lambda it: (it[1].format(it[0][0]), it[0][1].swapcase())
        ),
    )


@examples(300)
@given(st.recursive(_LEAVES, _larger, max_leaves=8), st.text(_CHARS, max_size=3), st.text(_CHARS, max_size=3))
def test_whatever_a_pattern_is_found_in_has_its_literals(piece: Piece, before: str, after: str) -> None:
    pattern, made = piece
    if check(pattern) is not None:
        return
    for text in (made, before + made + after, made.upper(), made.lower()):
        if not search(pattern, text):
            continue
        lower, grams = text.encode().lower(), grams_of(text)
        for choice in required_literals(pattern):
            there = [literal for literal in choice if literal.encode().lower() in lower]
            assert there, (pattern, text)
            assert all(grams.issuperset(grams_of_literal(literal)) for literal in there)


@pytest.mark.parametrize(
    ("pattern", "choices"),
    [
        (r"\bsub12\b.*\s--(force|hard)(\s|$)", [{"sub12"}, {"--"}, {"force", "hard"}]),
        ("^git push", [{"git push"}]),
        ("(?i)Abc", [{"abc"}]),
        ("(?i)ask", [{"a"}]),  # of s and k there are three
        ("a(bc)+d", [{"a"}, {"bc"}, {"d"}]),
        ("a(bc)?d", [{"a"}, {"d"}]),
        ("[A-a]b", [{"b"}]),
        ("[aA][kK]b", [{"a"}, {"b"}]),  # as RE2 reads it
        ("(ab|.)", []),
        ("|".join(f"w{number}" for number in range(ALTERNATIVES_MAX + 1)), []),
        (r"a\Cb", []),  # bytes, which the parser of patterns knows nothing of
    ],
)
def test_what_is_required(pattern: str, choices: list[set[str]]) -> None:
    assert [set(choice) for choice in required_literals(pattern)] == choices


def test_a_text_has_the_grams_of_its_literals() -> None:
    assert set(grams_of_literal("Push")) == {int.from_bytes(b"push", "little")}
    assert len(grams_of_literal("pushes")) == 3
    assert grams_of_literal("-f") == [int.from_bytes(b"-f", "little")]
    assert grams_of_literal("x") == []
    for text in ("a PUSH", "push", "x-f", "-f", "rmé"):
        assert any(grams_of(text).issuperset(grams_of_literal(word)) for word in ("push", "-f", "é"))
    assert grams_of("") == set()
