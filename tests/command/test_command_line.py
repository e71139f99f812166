"""The command line as patterns see it: `shlex.quote`, word for word."""

from __future__ import annotations

import shlex

from hypothesis import example, given
from hypothesis import strategies as st

from safeshell.command.command_line import block, command_line, unblock
from safeshell.text import text

_WORD = st.one_of(
    st.binary(max_size=8),
    st.text(alphabet="ab'\" $~\\\n*é=@%+:,./-_^", max_size=8).map(str.encode),
    st.sampled_from([b"", b"--force", b"HEAD^", b"\xff", b"\xed\xa0\x80", b"a=b", b"it's"]),
).map(lambda data: data.replace(b"\0", b""))


@given(st.lists(_WORD, min_size=1, max_size=5), _WORD.filter(bool).map(text))
@example([b"git", b"push", b"--force"], "git")
@example([b"rm", b"", b"x"], "rm")
@example([b"rm", b""], "rm")
@example([b"", b"x"], "rm")
@example([b"rm"], "r m")
def test_the_line_is_what_shlex_makes_of_it(arguments: list[bytes], name: str) -> None:
    words = [argument.decode("utf-8", "replace") for argument in arguments[1:]]
    line = command_line(block(arguments), name)
    assert line == shlex.join([name, *words])
    assert shlex.split(line) == [name, *words]


@given(st.lists(_WORD, max_size=5))
def test_a_block_gives_its_strings_back(words: list[bytes]) -> None:
    assert unblock(block(words)) == words


def test_a_command_without_arguments_is_its_name() -> None:
    assert command_line(b"", "rm") == "rm"
    assert command_line(b"anything\0", "rm") == "rm"
