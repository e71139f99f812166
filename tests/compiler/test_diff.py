"""What changed between two tables: each witness is decided differently, and what is loosened is always said."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import oracle
import pytest
import yaml
from budget import examples
from hypothesis import assume, given
from hypothesis import strategies as st
from safeshell_compiler import Compilation, compile_rules
from safeshell_compiler.diff import Change, Diff, Kind, Verdict, diff
from safeshell_compiler.reading.rule_model import PRECEDENCE
from safeshell_compiler.witnesses.situation import Situation
from safeshell_compiler.witnesses.witness import Direction, effect
from strategies import policies, situations

from safeshell.command.command_line import block, unblock
from safeshell.command.unwrap import StatedWorld, spellings
from safeshell.policy.decision import Action
from safeshell.policy.facts import UNDECIDED
from safeshell.policy.table import Table

Compare = Callable[..., Diff]

BASE: dict[str, Any] = {"name": "r", "commands": ["git"], "action": "deny", "message": "No."}


def _table(compilation: Compilation) -> Table:
    assert compilation.table is not None, compilation.findings
    return Table(compilation.table, "")


def _compile(text: str) -> Compilation:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return compile_rules(str(path))


def _text(*rules: dict[str, Any]) -> str:
    text: str = yaml.safe_dump({"version": 1, "rules": list(rules)}, sort_keys=False)
    return text


def _compare(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Diff:
    return diff(_table(_compile(_text(*old))), _table(_compile(_text(*new))))


def _only(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Change:
    (change,) = _compare(old, new).changes
    return change


def _conditions(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {**BASE, "conditions": list(conditions)}


def test_the_same_rules_give_nothing() -> None:
    assert _compare([BASE], [BASE]) == Diff(())


def test_another_order_or_comment_is_no_change() -> None:
    other = {**BASE, "name": "s"}
    assert _compare([BASE, other], [other, BASE]).changes == ()


def test_a_removed_rule_is_loosened() -> None:
    change = _only([BASE, {**BASE, "name": "s", "commands": ["rm"]}], [BASE])
    assert (change.kind, change.rule.name, change.verdict) == (Kind.REMOVED, "s", Verdict.LOOSENED)
    (witness,) = change.witnesses
    assert witness.situation == Situation("rm")
    assert (witness.old.action, witness.new.action) == (Action.DENY, Action.ALLOW)


def test_an_added_rule_is_tightened() -> None:
    change = _only([BASE], [BASE, {**BASE, "name": "s", "commands": ["mkfs.*"], "context": "ai_only"}])
    assert (change.kind, change.verdict) == (Kind.ADDED, Verdict.TIGHTENED)
    assert change.witnesses[0].situation == Situation("mkfs.", ai=True)


@pytest.mark.parametrize(
    ("changed", "verdict", "direction"),
    [
        ({"action": "require_approval"}, Verdict.LOOSENED, Direction.LOOSER),
        ({"action": "allow"}, Verdict.LOOSENED, Direction.LOOSER),
        ({"observe": True}, Verdict.LOOSENED, Direction.LOOSER),
        ({"context": "ai_only"}, Verdict.LOOSENED, Direction.LOOSER),
        ({"directory": "/work"}, Verdict.LOOSENED, Direction.LOOSER),
        ({"commands": ["git", "rm"]}, Verdict.TIGHTENED, Direction.TIGHTER),
        ({"commands": None}, Verdict.TIGHTENED, Direction.TIGHTER),
        ({"message": "Never."}, Verdict.OTHERWISE, Direction.OTHER),
        ({"timeout": "3s"}, Verdict.OTHERWISE, Direction.OTHER),
        ({"execution": "in_place"}, Verdict.OTHERWISE, Direction.OTHER),
    ],
)
def test_a_changed_part_is_shown(changed: dict[str, Any], verdict: Verdict, direction: Direction) -> None:
    after = {key: value for key, value in {**BASE, **changed}.items() if value is not None}
    change = _only([BASE], [after])
    assert change.verdict is verdict
    assert [witness.direction for witness in change.witnesses] == [direction]
    names = {"timeout": "timeout_ms", "context": "conditions", "directory": "conditions"}
    assert [field.name for field in change.fields] == [names.get(name, name) for name in changed]


def test_an_approval_that_the_agents_own_prompt_may_give_is_loosened() -> None:
    asks = {**BASE, "action": "require_approval"}
    outside = {**asks, "approval": "outside"}
    change = _only([outside], [asks])
    assert (change.verdict, [witness.direction for witness in change.witnesses]) == (
        Verdict.LOOSENED,
        [Direction.LOOSER],
    )
    assert [(field.name, field.old, field.new) for field in change.fields] == [("approval", "outside", None)]
    change = _only([asks], [outside])
    assert (change.verdict, [witness.direction for witness in change.witnesses]) == (
        Verdict.TIGHTENED,
        [Direction.TIGHTER],
    )
    # What is gained elsewhere makes up for nothing, and another rule that says so does.
    assert _only([outside], [{**asks, "commands": ["git", "rm"]}]).verdict is Verdict.LOOSENED
    other = {**outside, "name": "other"}
    assert _only([outside, other], [asks, other]).verdict is Verdict.NOTHING


def test_a_redirect_that_asks_instead_is_loosened_inside_another_command() -> None:
    change = _only(
        [{**BASE, "action": "redirect", "redirect_to": "trash $ARGS"}], [{**BASE, "action": "require_approval"}]
    )
    assert change.verdict is Verdict.LOOSENED
    shown = [(one.situation.line, one.old.action, one.new.action) for one in change.witnesses]
    assert shown == [
        ("sudo git", Action.DENY, Action.REQUIRE_APPROVAL),
        ("git", Action.REDIRECT, Action.REQUIRE_APPROVAL),
    ]


def test_an_added_question_loosens_what_a_redirect_denied_inside_another_command() -> None:
    redirect = {**BASE, "action": "redirect", "redirect_to": "trash $ARGS"}
    added = {**BASE, "name": "s", "action": "require_approval", "commands": ["g*"], "context": "ai_only"}
    change = _only([redirect], [redirect, added])
    assert change.verdict is Verdict.LOOSENED
    shown = [(one.situation, one.old.action, one.new.action) for one in change.witnesses]
    assert shown == [
        (Situation("sudo git", ai=True), Action.DENY, Action.REQUIRE_APPROVAL),
        (Situation("g", ai=True), Action.ALLOW, Action.REQUIRE_APPROVAL),
    ]
    elsewhere = _only([redirect], [redirect, {**added, "commands": ["rm"]}])
    assert elsewhere.verdict is Verdict.TIGHTENED


def test_what_is_inside_decides_what_a_wrappers_rule_can_change() -> None:
    wrapper = {**BASE, "name": "w", "commands": ["sudo"], "conditions": [{"command_matches": "^sudo git$"}]}
    change = _only([BASE, wrapper], [BASE])
    assert change.witnesses == ()  # `sudo git` is denied as before, for what it runs
    assert change.verdict is Verdict.LOOSENED  # it may be, where no witness is found
    looser = _only([{**BASE, "action": "require_approval"}, wrapper], [{**BASE, "action": "require_approval"}])
    (witness,) = looser.witnesses
    assert (witness.situation.line, witness.new.rule) == ("sudo git", "r")


def test_a_redirect_elsewhere_is_a_change() -> None:
    before = {**BASE, "action": "redirect", "redirect_to": "trash $ARGS"}
    change = _only([before], [{**before, "redirect_to": "bin $ARGS"}])
    assert change.verdict is Verdict.OTHERWISE
    assert change.witnesses[0].new.redirect_to == ("bin", "$ARGS")


def test_a_change_both_ways_has_a_witness_for_each() -> None:
    change = _only([_conditions({"command_contains": "push"})], [_conditions({"command_contains": "pull"})])
    assert change.verdict is Verdict.LOOSENED
    assert [(one.direction, one.situation.line) for one in change.witnesses] == [
        (Direction.LOOSER, "git push"),
        (Direction.TIGHTER, "git pull"),
    ]


def test_the_facts_of_a_witness_are_those_it_needs() -> None:
    before = _conditions(
        {"command_matches": r"^git\s+push\b.*\s(--force|-f)(\s|$)"},
        {"any": [{"git_branch_in": ["main"]}, {"git_branch_matches": "^release/"}]},
        {"not": {"command_contains": "--force-with-lease"}},
        {"path_matches": "^/home/[^/]+/work$"},
        {"file_exists": ".gitignore"},
        {"env_equals": {"variable": "CI", "value": "1"}},
    )
    situation = _only([before, {**BASE, "name": "s", "commands": ["rm"]}], [{**BASE, "name": "s", "commands": ["rm"]}])
    assert situation.witnesses[0].situation == Situation(
        "git push -f",
        directory="/home/a/work",
        branch="main",
        in_repo=True,
        env=(("CI", "1"),),
        files=(".gitignore",),
    )


def test_a_narrower_pattern_is_found_out_between_many() -> None:
    old = _conditions({"command_matches": r"\s(-f|--force|--force-with-lease)(\s|$)"})
    new = _conditions({"command_matches": r"\s(-f|--force)(\s|$)"})
    change = _only([old], [new])
    assert [witness.situation.line for witness in change.witnesses] == ["git --force-with-lease"]


def test_the_same_meaning_in_other_words_has_no_effect() -> None:
    old = _conditions({"command_matches": "(push|pull)"})
    new = _conditions({"any": [{"command_contains": "push"}, {"command_contains": "pull"}]})
    assert _only([old], [new]).verdict is Verdict.NOTHING


def test_a_rule_in_anothers_shadow_has_no_effect() -> None:
    twin = {**BASE, "name": "twin", "commands": ["g*"]}
    change = _only([BASE, twin], [twin])
    assert (change.verdict, change.witnesses) == (Verdict.NOTHING, ())


def test_a_witness_steps_out_of_anothers_shadow() -> None:
    shadow = {**BASE, "name": "shadow", "commands": ["g*"], "conditions": [{"not": {"in_git_repo": False}}]}
    longer = {**BASE, "name": "longer", "conditions": [{"not": {"command_contains": "push"}}]}
    change = _only([BASE, shadow, longer], [shadow, longer])
    assert change.witnesses[0].situation == Situation("git push")


def test_a_shadow_with_another_message_is_a_change_and_no_loosening() -> None:
    twin = {**BASE, "name": "twin", "message": "Not that."}
    change = _only([BASE, twin], [twin])
    assert change.verdict is Verdict.OTHERWISE
    assert (change.witnesses[0].old.message, change.witnesses[0].new.message) == ("No.", "Not that.")


@pytest.mark.parametrize("condition", [{"command_matches": r"\p{Greek}"}, {"command_matches": 25 * "a{1000}"}])
def test_what_no_witness_is_made_for_counts_by_its_kind(condition: dict[str, Any]) -> None:
    other = {**BASE, "name": "s", "commands": ["rm"]}
    removed = _only([_conditions(condition), other], [other])
    assert (removed.verdict, removed.witnesses) == (Verdict.LOOSENED, ())
    added = _only([other], [_conditions(condition), other])
    assert (added.verdict, added.witnesses) == (Verdict.UNKNOWN, ())


def test_a_restriction_that_holds_only_where_a_fact_is_undecided_counts_by_its_kind() -> None:
    undecided = _conditions({"in_git_repo": True}, {"in_git_repo": False})
    other = {**BASE, "name": "s", "commands": ["rm"]}
    assert _only([undecided, other], [other]).verdict is Verdict.LOOSENED


def test_a_question_that_may_stand_in_a_redirects_place_counts_by_its_kind() -> None:
    redirect = {**BASE, "action": "redirect", "redirect_to": "trash $ARGS"}
    question = {**BASE, "name": "s", "action": "require_approval", "directory": "never$"}  # but where it is undecided
    assert _only([redirect], [redirect, question]).verdict is Verdict.LOOSENED
    allow = {**BASE, "name": "s", "action": "allow"}
    assert _only([redirect, allow], [redirect, question]).verdict is Verdict.LOOSENED
    assert _only([BASE], [BASE, question]).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("name", ["[", "mkfs.*", "g?t", "[gr]*", "[!a]b", "*"])
def test_a_witness_is_a_command_that_the_rule_dispatches_on(name: str) -> None:
    other = {**BASE, "name": "s", "commands": ["zzz"]}
    change = _only([{**BASE, "commands": [name]}, other], [other])
    assert [witness.direction for witness in change.witnesses] == [Direction.LOOSER]


@pytest.mark.parametrize("pattern", ["^'é", "^'a b'", "^-x", r"^\S+=", "^push"])
def test_a_rule_for_every_command_names_its_own(pattern: str) -> None:
    other = {**BASE, "name": "s"}
    every = {**_conditions({"command_matches": pattern})}
    del every["commands"]
    assert _only([every, other], [other]).witnesses[0].direction is Direction.LOOSER


def test_a_rule_that_moved_to_another_file_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text(_text(BASE))
    including = tmp_path / "rules.yaml"
    including.write_text("version: 1\ninclude: [./team.yaml]\n")
    alone = tmp_path / "alone.yaml"
    alone.write_text(_text(BASE))
    assert diff(_table(compile_rules(str(alone))), _table(compile_rules(str(including)))).changes == ()


def test_the_same_input_gives_the_same_output() -> None:
    old, new = [_conditions({"any": [{"command_contains": w} for w in "abc"]})], [{**BASE, "commands": ["rm", "ls"]}]
    assert _compare(old, new).to_json() == _compare(old, new).to_json()


def _situation(situation: Situation) -> oracle.Situation:
    return oracle.Situation(
        argv=situation.argv,
        directory=situation.directory,
        branch=situation.branch,
        in_repo=situation.in_repo,
        env=dict(situation.env),
        files=dict.fromkeys(situation.files, True),
        context="ai" if situation.ai else "human",
        agent=next((str(value) for key, value in situation.more if key == ("agent",)), None),
    )


def _spelled(situation: oracle.Situation) -> list[oracle.Situation]:
    """The situation in each spelling of its command."""
    undecided = situation.directory is UNDECIDED
    found = spellings(
        situation.name,
        situation.arguments,
        b"\0" + block([f"{name}={value}".encode() for name, value in situation.env.items()]),
        None if undecided else situation.directory.encode(),
        StatedWorld(),
    )
    return [
        replace(
            situation,
            argv=tuple(word.decode() for word in unblock(spelling.arguments)),
            directory=UNDECIDED if spelling.directory is None else spelling.directory.decode(),
            env=dict(entry.decode().split("=", 1) for entry in unblock(spelling.environment[1:])),
        )
        for spelling in found
    ]


def _strength(compilation: Compilation, situation: oracle.Situation) -> int:
    """How much a command is restricted in all of its spellings, 0 the most; inside of another a redirect denies."""
    first, *inner = [oracle.decide(compilation.policy, one)[0] for one in _spelled(situation)]
    return min(PRECEDENCE.index(word) for word in (first, *("deny" if one == "redirect" else one for one in inner)))


def _check_witnesses(old: Compilation, new: Compilation, found: Diff) -> None:
    for witness in [witness for change in found.changes for witness in change.witnesses]:
        before, after = (_strength(side, _situation(witness.situation)) for side in (old, new))
        assert effect(witness.old) != effect(witness.new)
        assert [witness.old.action.word, witness.new.action.word] == [PRECEDENCE[before], PRECEDENCE[after]]
        expected = Direction.LOOSER if after > before else Direction.TIGHTER if after < before else Direction.OTHER
        assert witness.direction is expected


@examples(30)
@given(policies(), policies(), st.lists(situations(), min_size=1, max_size=12))
def test_witnesses_are_true_and_no_loosening_is_missed(before: str, after: str, asked: list[oracle.Situation]) -> None:
    old, new = _compile(before), _compile(after)
    found = diff(_table(old), _table(new))
    _check_witnesses(old, new, found)
    asked = [*asked, *(_inside(situation) for situation in asked)]
    if not found.loosened:
        for situation in asked:
            assert _strength(new, situation) <= _strength(old, situation)
    if all(change.verdict is Verdict.NOTHING for change in found.changes):
        for situation in asked:
            assert _strength(new, situation) == _strength(old, situation)


@examples(30)
@given(policies(), st.lists(situations(), min_size=1, max_size=12), st.data())
def test_a_weakened_rule_is_loosened_with_a_witness(
    text: str, asked: list[oracle.Situation], data: st.DataObject
) -> None:
    document = yaml.safe_load(text)
    rule = data.draw(st.sampled_from(document["rules"]))
    weaker = [action for action in PRECEDENCE if PRECEDENCE.index(action) > PRECEDENCE.index(rule["action"])]
    assume(weaker and not rule.get("observe"))
    rule["action"] = data.draw(st.sampled_from(weaker))
    rule.pop("redirect_to", None)
    rule |= {"redirect_to": "trash"} if rule["action"] == "redirect" else {}
    old, new = _compile(text), _compile(yaml.safe_dump(document, allow_unicode=True))
    found = diff(_table(old), _table(new))
    _check_witnesses(old, new, found)
    (change,) = found.changes
    asked = [*asked, *(_inside(situation) for situation in asked)]
    known = [one for one in asked if _strength(new, one) > _strength(old, one) and _is_readable(one)]
    if known:
        assert (change.verdict, change.witnesses[0].direction) == (Verdict.LOOSENED, Direction.LOOSER)
    if change.verdict is not Verdict.LOOSENED:
        assert not [one for one in asked if _strength(new, one) > _strength(old, one)]


def _inside(situation: oracle.Situation) -> oracle.Situation:
    """The same run by another command."""
    return replace(situation, argv=("nice", *situation.argv))


def _is_readable(situation: oracle.Situation) -> bool:
    facts = (situation.directory, situation.branch, situation.in_repo, *situation.files.values())
    return all(fact is None or isinstance(fact, str | bool) for fact in facts)


def test_one_change_among_500_rules_is_found() -> None:
    rules = [
        {
            **BASE,
            "name": f"r{number}",
            "commands": [("git", "rm", "docker", "kubectl")[number % 4]],
            "conditions": [
                {"command_matches": rf"\b(apply|push)\b.*\s(--force|-f{number})(\s|$)"},
                {"not": {"command_contains": f"--dry-run={number}"}},
                {"any": [{"git_branch_in": ["main"]}, {"git_branch_matches": f"^release/{number}"}]},
            ],
        }
        for number in range(500)
    ]
    changed = [{**rule, "action": "require_approval"} if rule["name"] == "r250" else rule for rule in rules]
    old, new = (_table(_compile(_text(*each))) for each in (rules, changed))
    (change,) = diff(old, new).changes
    assert change.verdict is Verdict.LOOSENED
    assert change.witnesses[0].new.action is Action.REQUIRE_APPROVAL
