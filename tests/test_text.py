from __future__ import annotations

import unicodedata

import pyte
import pytest
from budget import examples
from hypothesis import example, given
from hypothesis import strategies as st

from safeshell.text import columns, cut, fit, printable, width

UNSEEN = "\u3164\u115f\u1160\uffa0\u2800\u034f\ufe0f\u180b\u200b\u200d\u00ad\ufeff\U000e0041\U000e0101"
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
ANY = st.text(st.characters(categories=None)) | st.text(st.sampled_from(f"a \\é漢\u0301\u00a0\u3000{UNSEEN}{BIDI}"))
SHOWN = ANY.map(printable)


def columns_on_a_terminal(shown: str) -> int:
    """Where the cursor stands after a text, by a character at a time: pyte drops what follows some marks."""
    screen = pyte.Screen(2000, 1)
    stream = pyte.Stream(screen)
    for char in shown:
        stream.feed(char)
    return int(screen.cursor.x)


@given(ANY)
@examples(300)
@example(BIDI + UNSEEN)
def test_printable_text_has_nothing_that_is_not_seen(shown: str) -> None:
    made = printable(shown)
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp") for char in made)
    assert not set(made) & set(UNSEEN + BIDI)
    assert printable(made) == made
    assert made.encode().decode() == made


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
@example("naïve café, 漢字, שלום, no\u00a0break")
def test_what_is_printable_stays(shown: str) -> None:
    assert printable(shown) == shown


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("a\nb\tc\0", "a\\nb\\tc\\x00"),
        ("\x1b]0;x\x07", "\\x1b]0;x\\x07"),
        ("\x85", "\\u0085"),
        (b"caf\xe9".decode(errors="surrogateescape"), "caf\\xe9"),
        ("\ud83d", "\\ud83d"),
        ("\u202egnp", "\\u202egnp"),
        ("\u3164", "\\u3164"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_is_not_seen_is_escaped(shown: str, expected: str) -> None:
    assert printable(shown) == expected


@given(SHOWN)
@examples(100)
@example("漢字 \uff48 e\u0301 \u3000")
def test_the_width_is_what_a_terminal_shows(shown: str) -> None:
    assert width(shown) == columns_on_a_terminal(shown)


@given(SHOWN, st.integers(1, 12), st.booleans())
@examples(100)
def test_what_is_cut_is_no_wider_and_what_is_fitted_as_wide(shown: str, room: int, from_end: bool) -> None:
    short = cut(shown, room, from_end=from_end)
    assert width(short) <= room
    assert short == shown or (short.removeprefix("…") if from_end else short.removesuffix("…")) in shown
    assert width(fit(shown, room, from_end=from_end)) == room


def test_columns_are_aligned_by_what_is_seen_of_them() -> None:
    assert columns([("漢字", "b"), ("a", "c"), ("\x1b[31m", "")]) == "漢字      b\na         c\n\\x1b[31m\n"
    assert columns([("a", "1"), ("bc", "漢"), ("", "345")], right=True) == "a     1\nbc   漢\n    345\n"
    assert columns([]) == ""
