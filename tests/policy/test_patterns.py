"""RE2 as it is set up here: the three traps, and sets that answer as their patterns do one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeshell.policy import patterns
from safeshell.policy.patterns import EngineError, PatternSet, check, options, quote, search


def test_a_dot_matches_a_newline() -> None:
    assert search("^git push.*--force", "git push '\n' --force")


@given(st.text(max_size=20), st.text(max_size=5), st.text(max_size=5))
def test_a_quoted_text_is_found_as_it_is(text: str, before: str, after: str) -> None:
    assert search(f"^{quote(before + text + after)}$", before + text + after)
    assert search(quote(text), before + text + after)
    assert not search(f"^{quote(text)}$", f"{text}x")


@pytest.mark.parametrize("pattern", ["(?=a)", r"(a)\1", "(", "[z-a]"])
def test_what_does_not_compile_is_said(pattern: str) -> None:
    assert check(pattern)
    with pytest.raises(ValueError, match=r"\S"):
        PatternSet([pattern], [0])


def test_a_set_answers_as_its_patterns_do() -> None:
    words = ["push", "^git", "force$", "", "never", r"\s--"]
    made = PatternSet(words, [10, 20, 30, 40, 50, 60])
    for text in ("git push --force", "x", "", "force", "a --b"):
        expected = [number for number, word in zip((10, 20, 30, 40, 50, 60), words, strict=True) if search(word, text)]
        assert sorted(made.match(text)) == expected
        assert sorted(made.match(text.encode())) == expected


def test_a_set_of_nothing_matches_nothing() -> None:
    assert PatternSet([], []).match("x") == []


def test_a_set_has_room_for_more_than_re2_gives_it_by_default() -> None:
    words = [rf"\bsub{number}\b.*\s--(force|hard|all)(\s|$)" for number in range(5000)]
    assert PatternSet(words, range(len(words))).match("git sub4321 x --hard") == [4321]


def test_a_set_that_does_not_fit_its_memory_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    small = options()
    small.max_mem = 1 << 12
    monkeypatch.setattr(patterns, "_OPTIONS", small)
    with pytest.raises(ValueError, match=r"\S"):
        PatternSet([f"a{{{number}}}.*b{{{number}}}" for number in range(100, 200)], range(100))


@pytest.mark.parametrize("answer", [[], None, [1]])
def test_an_answer_without_the_sentinel_is_no_answer(answer: list[int] | None) -> None:
    made = PatternSet(["x"], [7])
    made._match = lambda _text: answer
    with pytest.raises(EngineError):
        made.match("x")
