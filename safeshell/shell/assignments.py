"""Assignments of a line: which variables they are of, and what they make of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safeshell.shell.encoding import decode
from safeshell.shell.expansion import Expander, Read, choices
from safeshell.shell.scope import OPEN, Scope, Variable, scalar
from safeshell.shell.syntax.tree import Array, Assignment, Script
from safeshell.shell.words import Literal, Unknown, Word, plain
from safeshell.shell.written import written_value, written_words

_ASSIGNED = re.compile(
    rb"([A-Za-z_]\w*)(?:\[[^\]]*\])?\s*(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)|(?:\+\+|--)\s*([A-Za-z_]\w*)"
)


def assigned_in(expression: bytes) -> Iterator[str]:
    """The variables that an arithmetic expression assigns."""
    if b"=" in expression or b"++" in expression or b"--" in expression:
        for found in _ASSIGNED.finditer(expression):
            yield decode(found[1] or found[2])


def array_of(value: Array, script: Script, scope: Scope, read: Read) -> Variable:
    """What `NAME=(…)` makes of a variable."""
    words = [one for node in value.words for one in written_words(node, script, lambda: scope.home)]
    if any(word.source.startswith("[") for word in words):
        return OPEN
    ways = list(choices(words, scope))
    elements = Expander(scope, script, read, ways[0]).words(words)
    return OPEN if len(ways) > 1 or any(word.several for word in elements) else Variable((elements,), array=True)


def lettered(variable: Variable, letters: set[str]) -> Variable:
    """A variable of which `declare -l` or `-u` changes the letters; of other attributes only the run can tell."""
    if not letters & {"l", "u"} or letters & set("nic"):
        return OPEN
    change = str.lower if "l" in letters else str.upper
    texts = [[word.literal for word in choice] for choice in variable.choices]
    if any(text is None or not text.isascii() for choice in texts for text in choice):
        return OPEN
    changed = tuple([tuple([plain(change(text or "")) for text in choice]) for choice in texts])
    return Variable(changed, variable.array, variable.open)


def appended(before: Variable, more: Variable) -> Variable:
    """What `+=` makes of a variable."""
    first, second = before.only, more.only
    if before.array != more.array or first is None or second is None:
        return OPEN
    if more.array:
        return Variable(((*first, *second),), array=True)
    return scalar(Word(tuple([part for word in (*first, *second) for part in word.parts])))


def begins_with_path(value: Word) -> bool:
    """Whether a new PATH looks along the old one first."""
    parts = [part for part in value.parts if isinstance(part, Unknown) or part.text]
    first, rest = parts[:1], parts[1:]
    if not first or not isinstance(first[0], Unknown) or first[0].variable != "PATH" or first[0].operation:
        return False
    return not rest or (isinstance(rest[0], Literal) and rest[0].text.startswith(":"))


def written_assignment(assignment: Assignment, script: Script, scope: Scope) -> Word:
    """`NAME=VALUE` as an argument of `export` and its kin."""
    source = decode(script.data[assignment.start : assignment.end])
    if isinstance(assignment.value, Array) or assignment.subscript is not None:
        return Word((Literal(source, quoted=True),), source)
    head = decode(script.data[assignment.start : assignment.value.start])
    value = written_value(assignment.value, script, lambda: scope.home)
    return Word((Literal(head, quoted=True), *value.parts), source)
