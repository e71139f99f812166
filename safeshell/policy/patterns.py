"""RE2, set up the one way that is safe here. The compiler and the evaluator share it, so what compiles there fits here.

Three traps (docs/architecture.md): `.` must match a newline, an automaton that runs out of memory answers as one that
found nothing, and RE2 writes to stderr on its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import re2

SET_MEMORY = 32 << 20
"""Bytes one set's automata may take. 10,000 patterns do not fit RE2's default of 8 MiB."""

SHARD_PATTERNS = 2000
"""Patterns in one set at most, so that each fits SET_MEMORY with room for its lazily built states."""


def options() -> re2.Options:
    """The options of every pattern: `.` matches a newline, nothing is logged, memory is capped."""
    made = re2.Options()
    made.dot_nl = True
    made.log_errors = False
    made.max_mem = SET_MEMORY
    return made


_OPTIONS = options()


def quote(text: str) -> str:
    """The pattern that matches exactly this text."""
    return "".join(
        char if char.isalnum() or char == "_" or ord(char) > 127 else f"\\x{{{ord(char):x}}}" for char in text
    )


def check(pattern: str) -> str | None:
    """RE2's complaint about a pattern, or None where it compiles."""
    try:
        re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        reason = error.args[0]
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return None


def search(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text: the one-pattern form, for tests and tools."""
    return re2.compile(pattern, _OPTIONS).search(text) is not None


class EngineError(Exception):
    """The automaton failed (out of memory). A decision that needed it is deny."""

    def __init__(self) -> None:
        super().__init__("the pattern automaton ran out of memory")


class PatternSet:
    """Many patterns, matched in one pass.

    Raises:
        ValueError: a pattern does not compile, or the set does not fit its memory.
    """

    __slots__ = ("_ids", "_match")

    def __init__(self, patterns: Sequence[str], ids: Iterable[int]) -> None:
        made = re2.Set.SearchSet(_OPTIONS)
        made.Add("")  # the sentinel: always matches, so an answer without it is the engine's failure
        try:
            for pattern in patterns:
                made.Add(pattern)
            made.Compile()
        except re2.error as error:
            raise ValueError(str(error)) from error
        self._ids = (-1, *ids)
        self._match = made.Match
        try:
            self.match("")
        except EngineError as error:
            raise ValueError("the set does not fit its memory") from error

    def match(self, text: str | bytes) -> list[int]:
        """The ids of the patterns found in the text (valid UTF-8 where bytes), in no order.

        Raises:
            EngineError: the automaton ran out of memory.
        """
        found = self._match(text.encode() if isinstance(text, str) else text)  # of a `str` RE2's own takes a call more
        if found == [0]:  # most texts
            return []
        if not found or 0 not in found:
            raise EngineError
        ids = self._ids
        return [ids[index] for index in found if index]
