"""What a decision is."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple

from safeshell.policy.facts import Fact, FactKey


class Action(enum.IntEnum):
    """What a rule does; the smaller, the more restrictive."""

    DENY = 0
    REQUIRE_APPROVAL = 1
    REDIRECT = 2
    ALLOW = 3

    @property
    def word(self) -> str:
        """As rules spell it."""
        return _WORDS[self]


_WORDS = tuple([action.name.lower() for action in Action])
ACTIONS = {action.word: action for action in Action}
"""By the words that rules have for them."""


class Matched(NamedTuple):
    """A rule that matched."""

    rule: str
    action: Action
    source: str

    def to_json(self) -> dict[str, str]:
        """As an entry of `matched` in `check --json`."""
        return {"rule": self.rule, "action": self.action.word, "source": self.source}


class Decision:
    """A decision and its reasons. Never changed once made.

    Attributes:
        action: the most restrictive of the rules that matched, ALLOW where none did.
        rule: the deciding rule's name, or "" where none matched.
        message: what the rule says, control characters escaped.
        source: `file:line` of the rule.
        matched: every rule that matched, in order (only the first ones where a deny ended the search).
        observed: the rules that would have matched but only observe; they decide nothing.
        subject: the command line that was judged.
        facts: the facts that were read.
        tables: the digests of the tables composed.
        timeout_ms: the shortest timeout of the matching rules, or 0.
        execution: the placement that a matching rule asks for, or "".
        outside: whether an approval never comes from the agent's own prompt, as one of the rules that ask for it says.
    """

    __slots__ = (
        *("action", "execution", "facts", "matched", "message", "observed", "outside", "redirect_to"),
        *("rule", "source", "subject", "tables", "timeout_ms"),
    )

    def __init__(
        self,
        action: Action,
        subject: str,
        rule: str = "",
        message: str = "",
        source: str = "",
        *,
        matched: tuple[Matched, ...] = (),
        observed: tuple[Matched, ...] = (),
        facts: tuple[tuple[FactKey, Fact], ...] = (),
        tables: tuple[str, ...] = (),
        timeout_ms: int = 0,
        execution: str = "",
        outside: bool = False,
        redirect_to: tuple[str, ...] = (),
    ) -> None:
        self.action = action
        self.subject = subject
        self.rule = rule
        self.message = message
        self.source = source
        self.matched = matched
        self.observed = observed
        self.facts = facts
        self.tables = tables
        self.timeout_ms = timeout_ms
        self.execution = execution
        self.outside = outside
        self.redirect_to = redirect_to

    @property
    def cited(self) -> str:
        """The deciding rule and where it stands, for people."""
        return f"rule {self.rule} ({self.source})" if self.source else self.rule

    @property
    def approval(self) -> str | None:
        """Where an approval may come from, as rules spell it; None where none is asked for."""
        if self.action is not Action.REQUIRE_APPROVAL:
            return None
        return "outside" if self.outside else "any"

    def changed(self, **changes: Any) -> Decision:
        """Another, with these attributes instead."""
        return Decision(**{**{name: getattr(self, name) for name in Decision.__slots__}, **changes})

    def to_json(self, *, cached: bool) -> dict[str, Any]:
        """The object that `check --json` prints (contract, "Exit codes")."""
        return {
            "decision": self.action.word,
            "rule": self.rule or None,
            "message": self.message or None,
            "source": self.source or None,
            "approval": self.approval,
            "matched": [match.to_json() for match in self.matched],
            "observed": [match.to_json() for match in self.observed],
            "subject": self.subject,
            "facts": {
                " ".join(key): value if not hasattr(value, "__slots__") else "undecided" for key, value in self.facts
            },
            "table": "+".join(self.tables),
            "cached": cached,
        }
