"""Decision of a record again, under the tables of another day, by the facts that it holds."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from safeshell.audit.record import FORMAT
from safeshell.audit.record_facts import encoded, read_facts
from safeshell.command.command_line import block
from safeshell.command.unwrap import Spelling
from safeshell.policy.atoms import FACTS
from safeshell.policy.composition import judge_all
from safeshell.policy.decision import ACTIONS, Action, Decision
from safeshell.policy.decision_cache import Policy
from safeshell.policy.facts import Fact, FactKey
from safeshell.text import text

_MARK = re.compile(r"\[redacted:[a-z0-9-]+\]")

_STAND_INS = (
    "",
    "x",
    "0",
    "hunter2",
    "aB3-_=/+.",
    "ghp_aB3dE5gH7jK9mN1pQ2sT4vW6yZ8aB3dE5gH7jK",
    "AKIAABCDEFGHIJKLMNOP",
)
"""Stand-ins for a secret. Where a decision is another with one of them, a rule hangs on what was redacted."""


class UndecidableError(Exception):
    """A record that can't be decided again.

    Attributes:
        reason: why, in words that are the same for all records of which it is true.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def old_decision(record: dict[str, Any]) -> Action | None:
    """Decision of a record; None where it is of no command, or of one that was not decided.

    Raises:
        UndecidableError: it is of another format, or of a kind that can't be decided again.
    """
    if record.get("v") != FORMAT:
        raise UndecidableError(f"the record has format {record.get('v')}, this version reads {FORMAT}")
    word = record.get("decision")
    kind = record.get("kind")
    if word is None or "argv" not in record or kind == "refused-approval":
        return None
    if kind == "approval" and record["approval"]["answer"] == "approved":
        return None  # the command's own record follows
    if kind == "line" or "hook" in record:
        raise UndecidableError("it is a shell line; the commands in it are recorded where they run")
    if "argv_bytes" in record or any("argv_bytes" in spelling for spelling in record.get("spellings", ())):
        raise UndecidableError("the arguments were too long to be recorded whole")
    return ACTIONS[word]


def decide(record: dict[str, Any], policy: Policy) -> Decision:
    """The decision under a policy.

    Args:
        record: one that `old_decision` has an action for.
        policy: the tables, with the decisions that they have given.

    Raises:
        UndecidableError: it takes a fact that the record does not hold, or it hangs on what was redacted.
    """
    if "redacted" not in record:
        return _decide(record, policy, None)
    decision = _decide(record, policy, None)
    hangs = UndecidableError(f"it hangs on what was redacted: {', '.join(record['redacted'])}")
    for stand_in in _STAND_INS:
        other = _decide(record, policy, stand_in)
        if (other.action, other.rule) != (decision.action, decision.rule):
            raise hangs
    if decision.action > ACTIONS[record["decision"]] and _has_rule(policy, record.get("rule", "")):
        # The rule is still there, so it may be the secret that it found.
        raise hangs
    return decision


def _decide(record: dict[str, Any], policy: Policy, stand_in: str | None) -> Decision:
    """Decides with something in the place of each secret's mark, or with the mark itself."""

    def word(held: str) -> str:
        return held if stand_in is None else _MARK.sub(lambda _: stand_in, held)

    def world(entry: dict[str, Any]) -> _RecordedFacts:
        held = read_facts(entry, record.get("context"))
        if stand_in is not None:
            held = {tuple([word(part) for part in key]): value for key, value in held.items()}
        return _RecordedFacts(held, redacted="redacted" in record)

    first = _spelling(record, record.get("cwd"), word, 0)
    facts = world(record)
    if "spellings" not in record:
        return policy.decide(first.name, first.arguments, facts)
    spellings = [first]
    worlds = [facts]
    for entry in record["spellings"]:
        if entry.get("own"):
            worlds.append(world(entry))
            spellings.append(_spelling(entry, entry.get("cwd"), word, len(worlds)))
        else:
            last = spellings[-1]
            made = _spelling(entry, None, word, 0)
            spellings.append(made._replace(environment=last.environment, directory=last.directory))
    spellings[-1] = spellings[-1]._replace(cut=bool(record.get("cut")))
    each = iter(worlds)
    return judge_all(
        spellings,
        lambda _spelling: next(each),
        lambda spelling, its: policy.decide(spelling.name, spelling.arguments, its),
    ).decision


def _spelling(record: dict[str, Any], cwd: str | None, word: Callable[[str], str], world: int) -> Spelling:
    """A spelling as far as deciding needs it; its environment only tells its world from others."""
    words = [encoded(word(held)) for held in record["argv"]]
    name = record.get("name")
    if name is None:
        name = text(words[0][words[0].rfind(b"/") + 1 :])
    return Spelling(name, block(words), b"\0%d\0" % world, None if cwd is None else encoded(cwd))


class _RecordedFacts:
    """The facts of a record."""

    __slots__ = ("_held", "_redacted")

    def __init__(self, held: dict[FactKey, Fact], *, redacted: bool) -> None:
        self._held = held
        self._redacted = redacted

    def read(self, key: FactKey) -> Fact:
        """The fact as it was.

        Raises:
            UndecidableError: it wasn't read then.
        """
        if key not in self._held:
            raise UndecidableError(f"a fact was not recorded: {_name(key)}")
        value = self._held[key]
        if self._redacted and isinstance(value, str) and _MARK.search(value):
            raise UndecidableError(f"a fact was redacted: {_name(key)}")
        return value


def _name(key: FactKey) -> str:
    """A fact in words, without what is of this one command."""
    return FACTS[key[0]].about(key[1:])


def _has_rule(policy: Policy, name: str) -> bool:
    return name in _rule_names(policy)


@functools.lru_cache(maxsize=64)
def _rule_names(policy: Policy) -> frozenset[str]:
    tables = [loaded.table for loaded in policy.tables]
    return frozenset([table.rules[index]["name"] for table in tables for index in range(len(table.rules))])
