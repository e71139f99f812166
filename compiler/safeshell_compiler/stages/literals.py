"""Literals that a pattern requires: texts one of which is in whatever it is found in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from safeshell.policy.regex.character_sets import CharSet
from safeshell.policy.regex.syntax import Alt, Chars, Look, Repeat, Seq, Tree, UnsupportedError, parse

ALTERNATIVES_MAX = 8
"""Literals of one choice; a longer one tells rows apart no better than none."""

Choice = frozenset[str]
"""Literals, ASCII letters in lower case: a text in which the pattern is found has one of them, but for its case."""


@lru_cache(maxsize=4096)
def required_literals(pattern: str) -> tuple[Choice, ...]:
    """Choices that each hold for a pattern; none where nothing can be said of it."""
    try:
        return tuple(_choices(parse(pattern)))
    except (UnsupportedError, RecursionError):
        return ()


def longest_choice(patterns: Iterable[str], name: str) -> tuple[str, ...]:
    """Literals, one of which is in any text in which all of these patterns are found: those that say most.

    Args:
        patterns: RE2.
        name: of the command whose lines the texts are.

    Returns:
        The literals, sorted; none where nothing can be said.
    """
    had = f"{name} ".lower()  # what each line begins with
    choices = [
        choice
        for pattern in patterns
        for choice in required_literals(pattern)
        if not any(literal in had for literal in choice)
    ]
    return tuple(sorted(_best(choices) or ()))


def _best(choices: Iterable[Choice]) -> Choice | None:
    """The one whose shortest literal is the longest."""
    return max(choices, key=lambda choice: (min(map(len, choice)), sorted(choice)), default=None)


def _choices(tree: Tree) -> Iterator[Choice]:
    run = ""
    for part in _pieces(tree):
        if isinstance(part, Look):
            continue  # it takes no character: what stands around it is side by side
        char = _letter(part.members) if isinstance(part, Chars) else ""
        if not char and run:
            yield frozenset((run,))
        run = run + char if char else ""
        if isinstance(part, Repeat) and part.least:
            yield from _choices(part.part)
        elif isinstance(part, Alt):
            yield from _alternatives(part)
    if run:
        yield frozenset((run,))


def _pieces(tree: Tree) -> Iterator[Tree]:
    """What stands one after the other, groups within groups."""
    if isinstance(tree, Seq):
        for part in tree.parts:
            yield from _pieces(part)
    else:
        yield tree


def _alternatives(tree: Alt) -> Iterator[Choice]:
    found: Choice = frozenset()
    for part in tree.parts:
        best = _best(_choices(part))
        if best is None:
            return
        found |= best
    if len(found) <= ALTERNATIVES_MAX:
        yield found


def _letter(members: CharSet) -> str:
    """The only character of a set, or the ASCII letter of which it has both cases, in lower case; else ""."""
    if len(members) > 2 or any(low != high for low, high in members):
        return ""
    letters = {chr(code).lower() if code < 128 else chr(code) for code, _ in members}
    if len(letters) > 1:
        return ""
    letter = letters.pop()
    # RE2 reads [kK] as (?i:k), which has a third character, the Kelvin sign; s likewise.
    return "" if len(members) > 1 and letter in "ks" else letter
