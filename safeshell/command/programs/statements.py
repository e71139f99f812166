"""Statements among arguments: which words are a text in a language that rules look into, and so may be any text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_STATEMENTS: dict[str, tuple[str, ...]] = {
    "psql": ("-c", "--command"),
    **dict.fromkeys(("mysql", "mariadb"), ("-e", "--execute")),
    **dict.fromkeys(("mongosh", "mongo"), ("--eval",)),
    "sqlcmd": ("-Q", "-q"),
    "clickhouse-client": ("-q", "--query"),
    "duckdb": ("-c", "-s", "-cmd"),
    "sqlite3": ("-cmd",),
    "cqlsh": ("-e", "--execute"),
    "influx": ("-execute",),
}
"""Options that take one, by basename."""

_BEHIND_THE_FIRST = frozenset({"sqlite3", "duckdb"})
"""Programs whose operands behind the first, the file, are some."""


def statements(name: str, words: Sequence[str]) -> Iterator[int]:
    """Which of a command's words are statements, by their places.

    Args:
        name: its basename.
        words: its arguments; the text before what is unknown of a word will do.
    """
    options = _STATEMENTS.get(name)
    if options is None:
        return
    operands = 0
    for at, word in enumerate(words):
        if (at and words[at - 1] in options) or ("=" in word and word.partition("=")[0] in options):
            yield at
        elif not word.startswith("-"):
            operands += 1
            if operands > 1 and name in _BEHIND_THE_FIRST:
                yield at
