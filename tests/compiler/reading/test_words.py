"""A test's command split as a shell would."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from budget import examples
from hypothesis import example, given
from hypothesis import strategies as st
from safeshell_compiler.reading.words import split_words

_PIECES = st.sampled_from(["a", " ", "'", '"', "\\", "\t", "~", "/", "é", "-x"])


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ('rm  -rf\t\'a b\' "c \\" d"', ["rm", "-rf", "a b", 'c " d']),
        ("a'b'\"c\"d ''", ["abcd", ""]),
        ("~ ~/x '~' \\~ a~ ~b", ["/home/ann", "/home/ann/x", "~", "~", "a~", "~b"]),
        ("a\\\nb \\\n c", ["ab", "c"]),
        ('"$HOME" $X `y` *', ["$HOME", "$X", "`y`", "*"]),
        ("", []),
    ],
)
def test_quotes_and_homes(command: str, words: list[str]) -> None:
    assert split_words(command, "/home/ann") == words


@pytest.mark.parametrize("command", ["'", '"', "a 'b", 'a "b', '"\\"', 'x "\\'])
def test_a_quote_that_does_not_close(command: str) -> None:
    with pytest.raises(ValueError, match="no closing quotation"):
        split_words(command, "/")


def test_a_backslash_at_the_end() -> None:
    with pytest.raises(ValueError, match="a backslash with nothing after it"):
        split_words("a \\", "/")


@examples(40)
@given(st.lists(_PIECES, max_size=8).map("".join))
@example('"a\\\nb" c\\\nd')
def test_a_shell_agrees(command: str) -> None:
    try:
        words = split_words(command, "/root")
    except ValueError:
        with pytest.raises(ValueError, match=r"No (closing quotation|escaped character)"):
            shlex.split(command)
        return
    script = f"set -f; HOME=/root; printf '%s\\0' x {command} y"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\0")[1:-2] == words
