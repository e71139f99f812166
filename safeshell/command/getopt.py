"""One word of options as getopt_long(3) reads it: clusters, attached and separate values, abbreviations.

All wrappers stop at their first operand (`+` in their getopt strings), so a word is either options or the end of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

NO_VALUE, VALUE, OPTIONAL = 0, 1, 2
"""Whether an option takes a value: an optional one is attached or isn't there."""


class Grammar(NamedTuple):
    """A program's options.

    Attributes:
        short: by letter, whether a value is taken.
        long: by name, whether a value is taken, and the option it stands for: its letter, or the name itself.
    """

    short: Mapping[bytes, int]
    long: Mapping[bytes, tuple[int, str]]


def grammar(short: str, long: Iterable[str]) -> Grammar:
    """Options from a notation close to getopt's own.

    Args:
        short: letters, each followed by `:` where a value is required, `::` where it is optional.
        long: names with the same colons, then after a space the letter that means the same.
    """
    letters: dict[bytes, int] = {}
    last = b""
    for char in short:
        if char == ":":
            letters[last] += 1
        else:
            last = char.encode()
            letters[last] = NO_VALUE
    names = {}
    for entry in long:
        spelled, _, letter = entry.partition(" ")
        name = spelled.rstrip(":")
        names[name.encode()] = (len(spelled) - len(name), letter or name)
    return Grammar(letters, names)


Option = tuple[str, bytes | None]
"""A letter, or the name of an option that has none; its value."""


def read_options(words: Sequence[bytes], at: int, options: Grammar) -> tuple[list[Option], int]:
    """The options that the word at a position holds.

    An option that is not known counts as one without a value: another version of the program may have it, and where
    none does the program fails, so nothing is let through by reading on.

    Args:
        words: the arguments.
        at: the position of a word that begins with `-` and is neither `-` nor `--`.
        options: the program's.

    Returns:
        The options in order, and the position of the next word; beyond the end where a required value is missing.
    """
    word = words[at]
    if word.startswith(b"--"):
        return _read_long(words, at, options)
    found: list[Option] = []
    for index in range(1, len(word)):
        letter = word[index : index + 1]
        takes = options.short.get(letter, NO_VALUE)
        rest = word[index + 1 :]
        name = letter.decode("latin-1")
        if takes == NO_VALUE:
            found.append((name, None))
            continue
        if rest or takes == OPTIONAL:
            return [*found, (name, rest or None)], at + 1
        return [*found, (name, words[at + 1] if at + 1 < len(words) else None)], at + 2
    return found, at + 1


def _read_long(words: Sequence[bytes], at: int, options: Grammar) -> tuple[list[Option], int]:
    name, equals, value = words[at][2:].partition(b"=")
    meant = options.long.get(name)
    if meant is None:
        candidates = {option for full, option in options.long.items() if full.startswith(name)}
        if len(candidates) != 1:
            return [(name.decode("latin-1"), None)], at + 1  # unknown, or ambiguous and so the program's error
        meant = candidates.pop()
    takes, option = meant
    if equals:
        return [(option, value)], at + 1
    if takes == VALUE:
        return [(option, words[at + 1] if at + 1 < len(words) else None)], at + 2
    return [(option, None)], at + 1
