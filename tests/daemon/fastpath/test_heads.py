"""The line that the native front looks through for literals: the one that Python's patterns see, in lower case."""

from __future__ import annotations

import ctypes

from hypothesis import example, given
from hypothesis import strategies as st

from safeshell.command.command_line import block, command_line
from safeshell.install.native import native_front

_TEXTS = st.one_of(st.text("aZ09 '\"\\$\n~-_@%+=:,./é\x7f", max_size=12), st.text(max_size=6))
_WORDS = st.lists(_TEXTS.map(lambda text: text.replace("\0", "")), min_size=1, max_size=5)


def write_line(name: str, words: list[str], room: int = 4096) -> str:
    """What the front makes of a command; "" where it leaves it to Python."""
    path = native_front()
    assert path is not None, "nothing was compiled: these tests would show nothing"
    write = ctypes.CDLL(path).front_write_line
    write.restype = ctypes.c_size_t
    line = ctypes.create_string_buffer(room)
    data = block([word.encode("utf-8", "replace") for word in words])
    size = write(name.encode(), data, ctypes.c_size_t(len(data)), line, ctypes.c_size_t(room))
    return line.raw[:size].decode("ascii")


def lower(line: str) -> str:
    """ASCII letters in lower case."""
    return line.encode().lower().decode()


@given(st.text("gitA[ '", min_size=1, max_size=4), _WORDS)
@example("git", ["git", "", "it's", "'"])
def test_it_is_the_line_that_patterns_see(name: str, words: list[str]) -> None:
    line = command_line(block([word.encode("utf-8", "replace") for word in words]), name)
    assert write_line(name, words) == (lower(line) if line.isascii() else "")


@given(_WORDS, st.integers(min_value=1, max_value=40))
def test_what_does_not_fit_is_left_to_python(words: list[str], room: int) -> None:
    found = write_line("git", words, room)
    line = lower(command_line(block([word.encode("utf-8", "replace") for word in words]), "git"))
    assert found in ("", line)
    assert len(found) <= room
