"""Where inside a pattern RE2's complaint is, and how to write it instead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from safeshell_compiler.findings.report import FindingPlace
from safeshell_compiler.reading.tree import Node

_LOOK_AROUND = ("(?!", "(?=", "(?<!", "(?<=")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What RE2 has against a pattern.

    Attributes:
        construct: the part that it names.
        offset: where that is in the pattern, or -1.
        hint: how to write it instead, or "".
    """

    construct: str
    offset: int
    hint: str


def explain(pattern: str, reason: str) -> Complaint:
    """Takes RE2's reason (`invalid perl operator: (?!`) apart."""
    construct = reason.rpartition(": ")[2]
    offset = _find(pattern, construct)
    return Complaint(construct, offset, _hint(pattern[offset:] if offset >= 0 else construct))


def point(node: Node, file: str, text: str, pattern: str, complaint: Complaint) -> FindingPlace:
    """The place of a construct in the source, or the pattern's where quoting makes it hard to tell.

    Args:
        node: the pattern's.
        file: its file, absolute.
        text: the file's text.
        pattern: the node's value.
        complaint: what to point at.
    """
    construct = complaint.construct
    if complaint.offset < 0 or not construct:
        return node.place(file)
    lines = _lines(text)
    raw = "".join(lines[node.line : node.end_line + 1])
    end = len("".join(lines[node.line : node.end_line])) + node.end_column
    # The source spells some characters differently (quotes, escapes), the construct itself hardly ever: so the
    # construct is counted rather than the characters before it.
    found = raw.find(construct, node.column)
    for _ in range(_occurrences(pattern, construct, complaint.offset)):
        if found >= 0:
            found = raw.find(construct, found + 1)
    if not 0 <= found < end:
        return node.place(file)
    up_to = (raw[:found] + ".").splitlines()
    return FindingPlace(file, node.line + len(up_to), len(up_to[-1]))


def point_at(node: Node, file: str, text: str, value: str, offset: int) -> FindingPlace:
    """The place of one character of a text, or the text's own where quoting makes it hard to tell.

    Args:
        node: the text's.
        file: its file, absolute.
        text: the file's text.
        value: the node's value.
        offset: the character's, in the value.
    """
    start = value.rfind("\n", 0, offset) + 1
    line, before = value[start:].partition("\n")[0], value[start:offset]
    lines = _lines(text)[node.line : node.end_line + 1]
    for spell in (str, _in_single_quotes, _in_double_quotes):
        found = [
            (number, source.index(spell(line), node.column if number == 0 else 0))
            for number, source in enumerate(lines)
            if spell(line) in source[node.column if number == 0 else 0 :]
        ]
        if len(found) == 1:
            number, column = found[0]
            return FindingPlace(file, node.line + number + 1, column + len(spell(before)) + 1)
    return node.place(file)


def _in_single_quotes(text: str) -> str:
    return text.replace("'", "''")


def _in_double_quotes(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@lru_cache(maxsize=8)
def _lines(text: str) -> list[str]:
    """A file's lines; split once, however many findings stand in it."""
    return text.splitlines(keepends=True)


def _occurrences(text: str, part: str, end: int) -> int:
    """How often a part starts before an offset, overlaps counted."""
    return sum(text.startswith(part, index) for index in range(end))


def _find(pattern: str, construct: str) -> int:
    """The first offset of a construct that is not part of an escape or a class."""
    index = 0
    in_class = False
    while index < len(pattern):
        if not in_class and pattern.startswith(construct, index):
            return index
        if pattern[index] == "\\":
            index += 2
            continue
        if pattern[index] == "[":
            in_class = True
        elif pattern[index] == "]":
            in_class = False
        index += 1
    return pattern.find(construct)


def _hint(construct: str) -> str:
    if construct.startswith(_LOOK_AROUND):
        if construct.startswith(("(?!", "(?<!")):
            return "RE2 has no look-around: match without it and exclude with `- not: {command_matches: …}`"
        return "RE2 has no look-around: write what follows as a condition of its own, or with `not:` what must not"
    if construct.startswith("(?P=") or (construct.startswith("\\") and construct[1:2].isdigit()):
        return "RE2 has no back-references: list the alternatives with |, or exclude the rest with `not:`"
    if construct.startswith("(?>") or construct[1:2] == "+":
        return "RE2 never backtracks: leave the + or ?> out"
    if construct.startswith("\\Z"):
        return "write \\z"
    return ""
