"""Texts made from patterns: RE2 finds what it should in them, and where none is made there is none."""

from __future__ import annotations

import itertools
import shlex
import unicodedata

import pytest
from budget import examples
from hypothesis import given
from hypothesis import strategies as st
from safeshell_compiler.witnesses.generate import STEPS, Budget, Language, generate
from safeshell_compiler.witnesses.languages import Branches, CommandLines, Directories

from safeshell.command.command_line import block, command_line
from safeshell.policy import patterns
from safeshell.policy.regex.automaton import Automaton, State
from safeshell.policy.regex.character_sets import category, contains

PATTERNS = [
    r"^git\s+push\b.*\s(--force|-f)(\s|$)",
    r"\S\b-\b",
    r"(?i)MAIN",
    r"a(?i)b|C",
    r"\d{3,}x{2,4}?",
    r"\pL\PL",
    r"\p{Lu}\p{^Lu}",
    r"[[:upper:]][[:^alpha:]]",
    r"\Qa.b*\E+",
    r"a{0}b",
    r"(?m)^b$",
    r"\x{e9}\x27\040",
    r"(?P<name>z)+(?<other>y)",
    r"[^a-z ]",
    r"'HEAD\^'",
    r"\.env'?(\s|$)",
    r"\B\w\B",
    r"(?-s:a.b)",
    r"a.b\z",
    r"[\d\-x][]a][^]a][\d-z]",
    r"a|b||c",
    r"(?i:straße)(?U)q*",
    r"\n\t",
    r"[\x{4e00}-\x{9fff}]{2}",
    r"\s'?(/+|/+\.|/+\*|(/home/[^/'\s]+|/root)/*\*?)'?(\s|$)",
    r"x{,2}",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_pattern_is_found_in_a_command_line_made_for_it(pattern: str) -> None:
    budget = Budget(12_000)
    line = generate(CommandLines("git"), [pattern], [], budget)
    assert line is not None
    assert budget.exact
    assert patterns.search(pattern, line)
    words = shlex.split(line)
    assert command_line(block([word.encode() for word in words]), words[0]) == line
    assert words[0] == "git"


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_can_be_kept_out(pattern: str) -> None:
    budget = Budget(12_000)
    line = generate(CommandLines("x"), [r"\s"], [pattern], budget)
    # The empty pattern is found everywhere, and `x ` is a letter before something else.
    assert (line is None) == (pattern in ("a|b||c", r"\pL\PL"))
    assert budget.exact
    assert line is None or (patterns.search(r"\s", line) and not patterns.search(pattern, line))


def test_several_patterns_share_one_short_text() -> None:
    line = generate(CommandLines("git"), [r"push", r"\s-f(\s|$)", r"^git\s", r"main"], [r"origin"], Budget(12_000))
    assert line is not None
    assert len(line) <= len("git push -f main")


@pytest.mark.parametrize(
    ("language", "pattern"),
    [
        (CommandLines("git"), r"^git\s\s"),
        (CommandLines("git"), r"^rm"),
        (CommandLines("git"), r"\s'plain'(\s|$)"),
        (CommandLines(), r"^$"),
        (CommandLines(plain=False), r"^/"),
        (Directories(), r"^[^/]"),
        (Directories(), r"/\.\.?(/|$)|//|./$"),
        (Branches(), r"^-|\.\.|//|[\x00-\x20~^:?*\[\\]|@\{|^/|/$|\.$|^$"),
    ],
)
def test_what_no_subject_looks_like_is_never_made(language: Language, pattern: str) -> None:
    budget = Budget(12_000)
    assert generate(language, [pattern], [], budget) is None
    assert budget.exact


@pytest.mark.parametrize("pattern", [r"\p{Greek}", r"\C", r"(a{900}){900}", 990 * "(" + "a" + 990 * ")"])
def test_what_no_text_is_made_from_is_no_certainty(pattern: str) -> None:
    budget = Budget(12_000)
    generate(CommandLines("git"), [pattern], [], budget)
    assert not budget.exact


def test_a_search_ends_with_its_budget() -> None:
    budget = Budget(3)
    assert generate(CommandLines("git"), ["a long word"], [], budget) is None
    assert not budget.exact


_PIECES = st.sampled_from([r"a", r"b", r"\s", r"-", r"^", r"$", r"\b", r"\B", r".", r"[^a]", r"(a|b)", r"(-?)", r"\w"])
_PATTERNS = st.lists(st.tuples(_PIECES, st.sampled_from(["", "", "+", "*", "?"])), min_size=1, max_size=4).map(
    lambda pieces: "".join(f"(?:{piece}){sign}" for piece, sign in pieces)
)
_WORDS = ["a", "b", "-", "ab", "a-", "--", "''", "'$'", "-a"]
_LINES = ["x", *(f"x {' '.join(words)}" for count in (1, 2) for words in itertools.product(_WORDS, repeat=count))]


@examples(200)
@given(st.lists(_PATTERNS, max_size=3), st.lists(_PATTERNS, max_size=2))
def test_a_text_is_made_where_there_is_one(required: list[str], forbidden: list[str]) -> None:
    def fits(line: str) -> bool:
        found = all(patterns.search(pattern, line) for pattern in required)
        return found and not any(patterns.search(pattern, line) for pattern in forbidden)

    budget = Budget(12_000)
    made = generate(CommandLines("x"), required, forbidden, budget)
    if made is not None:
        assert fits(made)
    elif budget.exact:
        assert not [line for line in _LINES if fits(line)]


@pytest.mark.parametrize("pattern", ["push", "(a|b)*a(a|b){12}x", r"(\pL|[0-9]){20}x"])
def test_a_budget_bounds_the_work(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    places = 0
    real = Automaton.step

    def step(self: Automaton, state: State, before: int, char: str) -> State | None:
        nonlocal places
        places += len(state or ())
        return real(self, state, before, char)

    monkeypatch.setattr(Automaton, "step", step)
    budget = Budget(50)
    generate(CommandLines("x"), [pattern], [f"{pattern}y", "z$"], budget)
    # The last state may go over it.
    assert places < 52 * STEPS + 20 * STEPS


def test_categories_are_unicodes() -> None:
    for name in ("L", "Lu", "Nd", "Zs", "Cs"):
        found = category(name)
        assert found is not None
        for code in (*range(0x3000), 0xD800, 0x10FFFF):
            assert contains(found, code) is unicodedata.category(chr(code)).startswith(name)
    assert category("Greek") is None
