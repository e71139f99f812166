"""Undecided commands: what is asked where only the run can tell whether a rule restricts, and no shim will look."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from safeshell.command.command_line import command_line
from safeshell.command.programs.shell_code import is_shell_code
from safeshell.policy.decision import Action, Decision
from safeshell.policy.evaluator import evaluate
from safeshell.policy.facts import UNDECIDED, Facts
from safeshell.policy.units import LoadedTable
from safeshell.shell.caller import AI, arguments_of, as_bytes
from safeshell.shell.kept import TEXT_MAX, Kept, hangs_on_facts, mark_of
from safeshell.shell.limits import OverrunError
from safeshell.shell.open_arguments import marked
from safeshell.shell.possible import Possible, PossibleByName
from safeshell.shell.program_names import known_name, names_of
from safeshell.shell.readings import anything, readings
from safeshell.shell.undecided_message import Doubt, word_for
from safeshell.shell.walked import LineCommand
from safeshell.shell.words import Unknown, Word, plain
from safeshell.text import text

RULE = "only-the-run-can-tell"
"""The rule's name in such a decision."""


COMMAND_MAX = 16 << 10
"""Characters of a command that is looked at for what it could be."""

_NAMES = re.compile(r"[\w.+-]+")
"""What may be the name of a command in a text."""


class Asked(NamedTuple):
    """What is asked.

    Attributes:
        decision: the request for approval.
        could_be: the name of the rule that could match.
    """

    decision: Decision
    could_be: str


def undecided(command: LineCommand, tables: Sequence[LoadedTable], facts: Facts, otherwise: Action) -> Asked | None:
    """What is asked of a command, some of which only the run can tell.

    Args:
        command: it.
        tables: what it is judged by.
        facts: its own.
        otherwise: what is decided of it by what is known. Only rules that restrict it more count.

    Returns:
        The request for approval, None where no rule could match.

    Raises:
        OverrunError: it is too long.
    """
    words = command.words
    if not words or is_initialisation(words):
        return None
    if sum([len(word.written) for word in words]) > COMMAND_MAX:
        raise OverrunError(f"a command in it with unknown words is longer than {COMMAND_MAX >> 10} KiB")
    found = _could_match(words, tables, facts)
    if found is None or found.action >= otherwise:
        return None
    name = os.path.basename(words[0].written)
    doubt = _doubt(command, tables, facts)
    subject = command_line(arguments_of(words), text(as_bytes(name)))
    return ask(found, subject, doubt.message(text(as_bytes(name)), found))


def undecided_text(script: str, shell: str, tables: Sequence[LoadedTable], facts: Facts) -> Asked | None:
    """What is asked of a text for a shell whose language isn't read here.

    Args:
        script: the text.
        shell: the shell's name.
        tables: what it is judged by.
        facts: those where it runs.

    Returns:
        The request for approval, None where the text names no command that a rule could restrict.
    """
    for name in _named(script, tables):
        found = restricting(name, tables, facts)
        if found is not None:
            return ask(found, text(as_bytes(script)), word_for(shell, name, found))
    return None


def _named(script: str, tables: Sequence[LoadedTable]) -> Iterator[str]:
    """The names in a text that rules name."""
    exact = {name for loaded in tables for name in loaded.table.exact}
    globs = [fnmatch.translate(glob) for loaded in tables for glob, _ in loaded.table.globs]
    fits = re.compile("|".join(globs) or r"(?!)").match
    for name in dict.fromkeys(_NAMES.findall(script)):
        if name in exact or fits(name):
            yield name


def restricting(name: str, tables: Sequence[LoadedTable], facts: Facts) -> Decision | None:
    """The decision of a rule that names this command and could restrict it, whatever its arguments are."""
    found = evaluate(tables, name, b"\0", facts, judge=PossibleByName(facts, anything(name)))
    return None if found.action is Action.ALLOW else found


def is_initialisation(words: Sequence[Word]) -> bool:
    """Whether a command stands for the code that a program prints for a shell, as its documentation has it."""
    parts = [part for word in words for part in word.parts]
    return len(parts) == 1 and isinstance(parts[0], Unknown) and is_shell_code(parts[0].output)


def ask(found: Decision, subject: str, message: str) -> Asked:
    """The request for approval where a rule could match.

    Args:
        found: the rule's decision.
        subject: what is asked about.
        message: what people are told.
    """
    decision = Decision(
        Action.REQUIRE_APPROVAL,
        subject,
        rule=RULE,
        message=message,
        facts=found.facts,
        tables=found.tables,
        outside=found.outside,
    )
    return Asked(decision, found.rule)


def _could_match(words: Sequence[Word], tables: Sequence[LoadedTable], facts: Facts) -> Decision | None:
    """The most restrictive decision that the command could get; None where no rule could restrict it."""
    best: Decision | None = None
    for name in names_of(words[0], tables):
        if not any(loaded.units(name) for loaded in tables):
            continue
        found = _decide(name, words, tables, facts)
        if found is not None and (best is None or found.action < best.action):
            best = found
            if best.action is Action.DENY:
                break
    return best


_allowed: Kept[bool] = Kept()


def _decide(name: str, words: Sequence[Word], tables: Sequence[LoadedTable], facts: Facts) -> Decision | None:
    # All that readings hang on: texts that are known as they are, of the others what they are marked as.
    several = words[0].several and known_name(words[0]) is None
    texts = [(marked(word),) if word.literal is None else word.literal for word in words[1:]]
    key = (name, several, words[0].several, mark_of(tables), facts.read(AI), *texts)
    if _allowed.get(key):
        return None
    best: Decision | None = None
    reads = False
    for reading in readings(name, words):
        judge = Possible(facts, reading)
        found = evaluate(tables, name, b"\0", facts, judge=judge)
        reads = reads or hangs_on_facts(judge.reads)
        if found.action is not Action.ALLOW and (best is None or found.action < best.action):
            best = found
    if best is None and not reads and sum([len(word.written) for word in words]) <= TEXT_MAX:
        _allowed.keep(key, answer=True)
    return best


def _doubt(command: LineCommand, tables: Sequence[LoadedTable], facts: Facts) -> Doubt:
    """What it hangs on: the first unknown word that is enough for a rule to match."""
    words = command.words
    if words[0].literal is None:
        return Doubt(program=words[0], alone=len(words) == 1)
    unknown = [at for at, word in enumerate(words) if word.literal is None]
    known = [_KNOWN if at in unknown else word for at, word in enumerate(words)]
    if (found := _could_match(known, tables, facts)) is not None:
        names = [name for name, value in command.changes.items() if value is not None and value.literal is None]
        names += [
            key[1] for key, value in found.facts if key[0] == "env" and value is UNDECIDED and key[1] not in names
        ]
        return Doubt(variables=tuple(names), directory=command.directory is None)
    for at in unknown:
        if _could_match([*known[:at], words[at], *known[at + 1 :]], tables, facts) is not None:
            return Doubt(words=(words[at],))
    return Doubt(words=tuple([words[at] for at in unknown]))


_KNOWN = plain("0")
"""A word in the place of one that is left out of account."""
