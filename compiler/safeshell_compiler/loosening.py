"""Loosening: what an edit changes, and whether it may restrict less than what is in force.

Told by form alone, without a proof: an edit loosens unless each rule that restricts is still there, as strong, and
holds wherever it held. What only adds rules, alternatives of a rule's conditions, or strength does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from safeshell.home.settings import Settings
from safeshell.policy.decision import Action
from safeshell.policy.table import Table
from safeshell_compiler.witnesses.table_view import RuleView, read_rules

NAMES_MAX = 50
"""Names of one kind that are told of an edit: its record has to stay readable."""

_TOLD_APART = frozenset(
    ("name", "action", "message", "file", "line", "timeout_ms", "execution", "redirect_to", "observe", "approval")
)
"""Parts of a rule's record that are judged by themselves, or that restrict nothing."""


AsInstalled = Callable[[str, str], bool]
"""Tells whether a rule, there or not, is as its pack has it: of the pack's label and the rule's name."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of the rules and settings in force.

    Attributes:
        files: the files that differ: path, and the digests of the contents before and after, None where there is none.
        added, removed, changed: names of rules.
        settings: names of settings that differ.
        loosens: why it may restrict less, a reason a line; empty where it can't.
    """

    files: tuple[tuple[str, str | None, str | None], ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    loosens: tuple[str, ...] = ()

    @property
    def means_something(self) -> bool:
        """Whether rules or settings differ at all."""
        return bool(self.added or self.removed or self.changed or self.settings or self.loosens)

    def to_json(self) -> dict[str, Any]:
        """As the audit log has it; of many names the first."""
        found: dict[str, Any] = {
            "files": [{"path": path, "old": old, "new": new} for path, old, new in self.files[:NAMES_MAX]]
        }
        for name in ("added", "removed", "changed", "settings", "loosens"):
            values: tuple[str, ...] = getattr(self, name)
            if values:
                more = len(values) - NAMES_MAX
                found[name] = [*values[:NAMES_MAX], *([f"and {more} more"] if more > 0 else [])]
        return found


def compare(
    old: Table,
    new: Table,
    before: Settings | None = None,
    after: Settings | None = None,
    as_installed: AsInstalled = lambda _pack, _name: False,
) -> Edit:
    """Compares what is in force with what was compiled.

    Args:
        old: the table in force.
        new: the one that was compiled.
        before: the settings in force; None where there are none to compare.
        after: the new ones, likewise.
        as_installed: tells which rules of packs are now as their packs have them.

    Raises:
        TableError: a section is damaged.
    """
    olds = read_rules(old) if old.digest != new.digest else []
    news = read_rules(new) if old.digest != new.digest else []
    added, removed, changed = _names(olds, news)
    settings: tuple[str, ...] = ()
    loosens = list(_loosened(*_edited(old, new, olds, news, as_installed), news)) if olds or news else []
    if before is not None and after is not None and before != after:
        settings = tuple(_different(before, after))
        humans = any(
            atom[0] in ("ai", "agent_in") and not wanted for atom, wanted in _literals(olds or read_rules(old))
        )
        loosens += _looser_settings(before, after, narrows=humans)
    return Edit((), added, removed, changed, settings, tuple(loosens))


# Rules


def _names(olds: list[RuleView], news: list[RuleView]) -> tuple[tuple[str, ...], ...]:
    """The rules that were added, removed and changed; where one stands in its file is no change."""
    before = {(rule.record["file"], rule.name): _content(rule) for rule in olds}
    after = {(rule.record["file"], rule.name): _content(rule) for rule in news}
    return (
        tuple(name for key in after if key not in before for name in key[1:]),
        tuple(name for key in before if key not in after for name in key[1:]),
        tuple(name for key in before if key in after and before[key] != after[key] for name in key[1:]),
    )


def _content(rule: RuleView) -> tuple[Any, ...]:
    return {**rule.record, "line": 0}, rule.rows, rule.commands


def _edited(
    old: Table, new: Table, olds: list[RuleView], news: list[RuleView], as_installed: AsInstalled
) -> tuple[list[RuleView], list[RuleView]]:
    """The rules of both tables without those that another version of a pack has changed: who could, could change us."""
    known = {source["path"]: source["sha256"] for source in old.meta["sources"]}
    upgraded = {
        source["path"]
        for source in new.meta["sources"]
        if source["path"].startswith("pack:") and known.get(source["path"], source["sha256"]) != source["sha256"]
    }

    def edited(rule: RuleView) -> bool:
        pack = rule.record["file"]
        return pack not in upgraded or not as_installed(pack, rule.name)

    return [rule for rule in olds if edited(rule)], [rule for rule in news if edited(rule)]


def _loosened(olds: list[RuleView], news: list[RuleView], everything: list[RuleView]) -> Iterator[str]:
    """Why the rules that were there may restrict less.

    Args:
        olds: those before.
        news: those now.
        everything: the same, with those of packs that were upgraded.
    """
    named: dict[str, list[RuleView]] = {}
    for rule in everything:
        named.setdefault(rule.name, []).append(rule)
    for rule in olds:
        if _restricts(rule):
            reasons = [_weaker(rule, other) for other in named.get(rule.name, ())]
            if "" not in reasons:
                yield f"{rule.name}: {reasons[0] if reasons else 'gone'}"
    # Of equals the first decides: another target put before this one would run in its place.
    targets = [rule.name for rule in olds if rule.strength is Action.REDIRECT and _still_redirects(rule, named)]
    if targets != [rule.name for rule in news if rule.strength is Action.REDIRECT][: len(targets)]:
        yield "the order of the redirects is another"
    known = {tuple(rule.record.get("redirect_to", ())) for rule in olds}
    for rule in news:
        if rule.strength is Action.REDIRECT and tuple(rule.record["redirect_to"]) not in known:
            yield f"{rule.name}: runs a program that no rule ran before, for whomever it matches"
    if _placements(olds) != _placements(news):
        yield "`execution` of rules is another"


def _restricts(rule: RuleView) -> bool:
    """Whether anything would be missed: an `allow` alone says nothing but its name."""
    return rule.action is not Action.ALLOW or "timeout_ms" in rule.record


def _still_redirects(rule: RuleView, named: Mapping[str, list[RuleView]]) -> bool:
    return any(other.strength is Action.REDIRECT for other in named.get(rule.name, ()))


def _placements(rules: list[RuleView]) -> list[tuple[Any, ...]]:
    return [
        (rule.name, rule.record["execution"], rule.rows, rule.commands) for rule in rules if "execution" in rule.record
    ]


def _weaker(old: RuleView, new: RuleView) -> str:
    """Why a rule does not stand in for the one before, or ""."""
    if new.strength > old.strength:
        return f"{_word(old)} became {_word(new)}"
    if old.record.get("observe") and (
        new.action > old.action if new.record.get("observe") else new.action is Action.ALLOW
    ):
        return f"{_word(old)} became {_word(new)}"
    if new.strength is Action.REDIRECT is old.strength and new.record.get("redirect_to") != old.record.get(
        "redirect_to"
    ):
        return "it redirects to something else"
    if new.action is Action.REQUIRE_APPROVAL and "approval" in old.record.keys() - new.record.keys():
        return "the agent's own prompt may approve it"
    limits = old.record.get("timeout_ms"), new.record.get("timeout_ms")
    if limits[0] is not None and (limits[1] is None or limits[1] > limits[0]):
        return "its timeout is gone or longer"
    for part in sorted((old.record.keys() | new.record.keys()) - _TOLD_APART):
        if old.record.get(part) != new.record.get(part):
            return f"`{part}` is another"
    if not _covers_commands(old, new):
        return "it is about fewer commands"
    if not _covers_rows(old, new):
        return "its conditions are others, not only more alternatives"
    return ""


def _word(rule: RuleView) -> str:
    return f"{rule.action.word}, observed" if rule.record.get("observe") else rule.action.word


def _covers_commands(old: RuleView, new: RuleView) -> bool:
    if new.commands is None or not old.rows:
        return True
    return old.commands is not None and set(old.commands) <= set(new.commands)


def _covers_rows(old: RuleView, new: RuleView) -> bool:
    """Whether each conjunction is still there, or one that asks for less: that holds wherever it held."""
    return all(row in new.rows or any(other <= row for other in new.rows) for row in old.rows)


def _literals(rules: list[RuleView]) -> Iterator[tuple[Any, bool]]:
    for rule in rules:
        for row in rule.rows:
            yield from row


# Settings


_Tightens = Callable[[Any, Any], bool]


def _to(word: object) -> _Tightens:
    return lambda _before, after: bool(after == word)


def _no_smaller(before: Any, after: Any) -> bool:
    """For what is kept: 0 has no limit."""
    return bool(after == 0 or (before != 0 and after >= before))


_TIGHTENS: dict[str, _Tightens] = {
    "unreachable_ai": _to("deny"),
    "unreachable_human": _to("deny"),
    "markers": lambda before, after: set(before) <= set(after),
    "approval_timeout_ms": lambda before, after: bool(after <= before),
    "notify": lambda _before, after: not after,  # a program that the daemon itself would run
    "audit_all": _to(True),
    "audit_size": lambda before, after: bool(after >= before),
    "audit_keep": lambda before, after: bool(after >= before),
    "stats": lambda _before, _after: True,
    "trash_size": _no_smaller,
    "trash_age_ms": _no_smaller,
    "shims_client": _to("native"),
    "shims_extra": lambda before, after: set(before) <= set(after),
    "shims_except": lambda before, after: set(after) <= set(before),
}
"""What can only restrict more, record more or keep more. Any other change may loosen: `redact` either shows secrets or
hides deeds, `limits` decide whether the daemon can be reached."""


def _different(before: Settings, after: Settings) -> Iterator[str]:
    for name, value in before._asdict().items():
        if getattr(after, name) != value:
            yield name


def _looser_settings(before: Settings, after: Settings, *, narrows: bool) -> Iterator[str]:
    """What of the settings may loosen.

    Args:
        before: the settings in force.
        after: the new ones.
        narrows: whether rules are about people only: then what makes an agent of more callers lifts them.
    """
    for name in _different(before, after):
        tightens = _TIGHTENS.get(name)
        if (
            tightens is None
            or not tightens(getattr(before, name), getattr(after, name))
            or (name == "markers" and narrows)
        ):
            yield f"setting {name}"
