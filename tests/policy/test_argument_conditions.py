"""Conditions about arguments through everything: table, findings, decision, explanation, rule tests, diff."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from counting import calls
from rulecases import failures
from safeshell_compiler import Compilation, compile_rules
from safeshell_compiler.diff import Verdict, diff
from safeshell_compiler.dump import dump

from safeshell.command.command_line import block
from safeshell.policy.decision import Action, Decision
from safeshell.policy.evaluator import evaluate
from safeshell.policy.explain import explain, render
from safeshell.policy.facts import UNDECIDED, Fact, FactKey, GivenFacts
from safeshell.policy.table import Table
from safeshell.policy.trace import Trace
from safeshell.policy.units import LoadedTable


def compiled(directory: Path, *rules: str, lint: bool = False) -> Compilation:
    """Rules given by their keys but for name and message."""
    path = directory / "rules.yaml"
    lines = [f"  - {{name: r{number}, message: m, {rule}}}\n" for number, rule in enumerate(rules)]
    path.write_text("version: 1\nrules:\n" + "".join(lines), encoding="utf-8")
    return compile_rules(str(path), lint=lint)


def table(directory: Path, *rules: str) -> Table:
    compilation = compiled(directory, *rules)
    assert compilation.table is not None, compilation.findings
    return Table(compilation.table, "")


def decide(one: Table, line: str, facts: dict[FactKey, Fact] | None = None) -> Decision:
    words = line.split(" ")
    return evaluate([LoadedTable(one)], words[0], block([word.encode() for word in words]), GivenFacts(facts or {}))


DENY = "commands: [rm, mytool], action: deny, tests: {match: [rm -rf x]}, conditions:"


def findings(directory: Path, conditions: str) -> list[tuple[str, str]]:
    found = compiled(directory, f"{DENY} {conditions}", lint=True).findings
    return [(finding.code, finding.message) for finding in found]


@pytest.mark.parametrize(
    ("conditions", "code", "says"),
    [
        ("[{option: [f]}]", "SS216", "no dash"),
        ("[{option: [-f, '--']}]", "SS216", "nothing but dashes"),
        ("[{option: [--depth=1]}]", "SS216", "a value"),
        ("[{option: ['-f x']}]", "SS216", "a space"),
        ("[{not: {option: ['']}}]", "SS216", "no dash"),
        ("[{option: [-f]}], takes_argument: [o]", "SS216", "no dash"),
        ("[{option: []}]", "SS206", "no option could be there"),
        ("[{option: -f}]", "SS209", "a list"),
        ("[{option: [1]}]", "SS204", "text"),
        ("[{operand_matches: '(?!a)'}]", "SS306", "does not compile"),
        ("[{operand_under: [~ann/x]}]", "SS217", "~ann/x"),
        ("[{operand_under: ['']}]", "SS214", "empty"),
        ("[{operand_under: /etc}]", "SS209", "a list"),
        ("[{option: [-f, -f]}]", "SS322", "twice"),
        ("[{operand_under: [/a, /a]}]", "SS322", "twice"),
        ("[{operand_matches: '/secrets.yaml$'}]", "SS323", "dot"),
        ("[{operand_under: [/a]}, {not: {operand_under: [/a]}}]", "SS329", "together"),
        ("[{option: [-f]}, {not: {option: [-f]}}]", "SS314", "never match"),
        ("[{operand_matches: a}, {not: {operand_matches: a}}]", "SS314", "never match"),
    ],
)
def test_what_is_wrong_with_a_condition_is_said(tmp_path: Path, conditions: str, code: str, says: str) -> None:
    ((found, message),) = findings(tmp_path, conditions)
    assert found == code
    assert says in message


def test_a_cluster_is_told_from_a_word_where_the_command_is_known(tmp_path: Path) -> None:
    rule = "action: deny, tests: {match: [x]}, conditions: [{option: [-rf]}]"
    (finding,) = compiled(tmp_path, f"commands: [rm, chmod], {rule}").findings
    assert (finding.code, finding.hint) == ("SS216", "any of them is [-r, -f]; all of them, an item each")
    for commands in ("[rm, mytool]", "[find]", "['rm*']"):
        assert compiled(tmp_path, f"commands: {commands}, {rule}").findings == ()


@pytest.mark.parametrize(
    ("narrow", "wide", "covered"),
    [
        ("option: [-f]", "option: [-f, --force]", True),
        ("option: [-f, --force]", "option: [-f]", False),
        ("not: {option: [-f, --force]}", "not: {option: [-f]}", True),
        ("operand_under: [/a]", "operand_under: [/a, /b]", True),
        ("option: [-f]", "operand_under: [/a]", False),
    ],
)
def test_a_rule_that_another_covers_is_found(tmp_path: Path, narrow: str, wide: str, *, covered: bool) -> None:
    rules = [f"{DENY} [{{{condition}}}]" for condition in (wide, narrow)]
    found = [finding.code for finding in compiled(tmp_path, *rules, lint=True).findings]
    assert found == ["SS334"] * covered


def test_a_redirect_with_other_arguments_is_not_held_to_be_denied(tmp_path: Path) -> None:
    redirect = (
        "commands: [rm], action: redirect, redirect_to: rm -i, tests: {match: [rm -f]}, conditions: [{option: [-f]}]"
    )
    found = compiled(
        tmp_path,
        redirect,
        "commands: [rm], action: deny, tests: {match: [rm -f]}, conditions: [{option: [-f]}]",
        lint=True,
    )
    assert "SS332" not in {finding.code for finding in found.findings}


def test_the_table_holds_the_grammars_that_are_asked_for(tmp_path: Path) -> None:
    plain = "commands: [rm, git], conditions: [{command_contains: x}]"
    assert table(tmp_path, f"{plain}, action: allow").grammars == {}
    # What restricts a command doesn't where it only shows, which takes its grammar.
    assert table(tmp_path, f"{plain}, action: deny").grammars.keys() == {"git", "rm"}
    rule = "action: allow, conditions: [{operand_matches: x}]"
    asked = table(tmp_path, f"commands: [rm, 'mkfs.x*', nothing-known], {rule}", "commands: [git], action: allow")
    assert sorted(asked.grammars) == ["mkfs.xfs", "rm"]
    assert {"git", "find", "curl"} <= table(tmp_path, rule).grammars.keys()
    text = dump(compiled(tmp_path, f"commands: [mkfs.xfs], {rule}").table or {})
    assert '0 ["operand","x",[]]' in text
    assert '"operand":[[0]]' in text
    assert '# grammars\n"mkfs.xfs" {"long":[],"short":"b:' in text


def test_each_command_is_read_by_its_own_grammar(tmp_path: Path) -> None:
    one = table(tmp_path, "commands: [rm, git, 'my*'], action: deny, conditions: [{option: [-f, --force]}]")
    expected = {
        "rm --forc": Action.DENY,
        "git push --forc": Action.ALLOW,  # ambiguous: git refuses
        "git push -o -f": Action.ALLOW,
        "mytool --forc": Action.DENY,
        "mytool -o -f": Action.DENY,
        "rm -- -f": Action.ALLOW,
    }
    assert {line: decide(one, line).action for line in expected} == expected


def test_what_a_rule_says_takes_an_argument_is_that_rules_alone(tmp_path: Path) -> None:
    rule = "commands: [mytool], action: deny, conditions: [{operand_matches: ^x}]"
    one = table(tmp_path, f"{rule}, takes_argument: [-o]", f"{rule}, observe: true")
    for line in ("mytool -o x", "mytool -o x y"):
        decision = decide(one, line)
        assert (decision.action, [match.rule for match in decision.observed]) == (Action.ALLOW, ["r1"])
    assert decide(one, "mytool x").rule == "r0"


def test_an_undecided_place_restricts_and_does_not_allow(tmp_path: Path) -> None:
    one = table(
        tmp_path,
        "commands: [rm], action: require_approval, conditions: [{operand_under: [/a]}]",
        "commands: [rm], action: allow, conditions: [{operand_under: [/a]}]",
        "commands: [rm], action: deny, conditions: [{not: {operand_under: [/a]}}, {option: [-f]}]",
    )
    unsure: dict[FactKey, Fact] = {("place", "link"): UNDECIDED, ("directory",): "/"}
    assert [match.rule for match in decide(one, "rm link", unsure).matched] == ["r0"]
    assert decide(one, "rm -f link", unsure).rule == "r2"
    assert decide(one, "rm -f /a/b", unsure).action is Action.REQUIRE_APPROVAL


def test_bytes_that_are_no_text_are_matched_as_such(tmp_path: Path) -> None:
    one = table(tmp_path, "commands: [rm], action: deny, conditions: [{operand_matches: '^\ufffdx$'}]")
    assert evaluate([LoadedTable(one)], "rm", b"rm\0\xffx\0", GivenFacts({})).action is Action.DENY


def test_an_explanation_words_them(tmp_path: Path) -> None:
    one = table(
        tmp_path,
        "commands: [rm], action: deny, "
        "conditions: [{option: [-f, -r]}, {operand_matches: ^b}, {operand_under: [/a, /c]}]",
    )
    facts = GivenFacts({("directory",): "/a"})
    arguments = block([b"rm", b"-r", b"b"])
    trace = Trace(facts)
    decision = evaluate([LoadedTable(one)], "rm", arguments, facts, judge=trace)
    text = render(explain(trace, decision, "rm"))
    for line in (
        "option: [-f, -r]",
        "operand_matches: ^b",
        "operand_under: [/a, /c]",
        "of 'b' one lies under /a or /c",
    ):
        assert line in text
    assert re.search(r"yes +option: \[-f, -r\] +arguments\n", text)


def test_a_rules_own_tests_say_where_it_is(tmp_path: Path) -> None:
    rule = "commands: [rm], action: deny, conditions: [{operand_under: [~/keys, /etc]}], tests: {match: ["
    held = compiled(
        tmp_path, f"{rule}rm ~/keys/a, {{command: rm a, cwd: /etc}}, {{command: rm /h/keys, env: {{HOME: /h}}}}]}}"
    )
    assert failures(held) == []
    assert len(failures(compiled(tmp_path, f"{rule}rm ~/a, {{command: rm ~/keys, env: {{HOME: /h}}}}]}}"))) == 2


@pytest.mark.parametrize(
    "condition",
    [
        "option: [-f]",
        "option: [--output]",
        "not: {option: [-f]}",
        "operand_matches: '^a b$'",
        "operand_under: [/etc]",
        "operand_under: [~/x]",
        "not: {operand_under: [/etc]}",
    ],
)
@pytest.mark.parametrize("command", ["rm", "git", "mytool"])
def test_what_is_loosened_has_a_witness(tmp_path: Path, command: str, condition: str) -> None:
    rule = f"commands: [{command}], action: deny, conditions: [{{{condition}}}]"
    (change,) = diff(table(tmp_path, rule), table(tmp_path, f"{rule}, observe: true")).changes
    assert change.verdict is Verdict.LOOSENED
    (witness,) = change.witnesses
    assert (witness.old.action, witness.new.action) == (Action.DENY, Action.ALLOW)


def test_a_long_line_costs_in_proportion(tmp_path: Path) -> None:
    one = LoadedTable(
        table(
            tmp_path,
            "commands: [rm], action: deny, conditions: [{operand_matches: ^nothing$}, {option: [-r]}]",
            "commands: [rm], action: deny, conditions: [{operand_under: [/nowhere]}]",
        )
    )

    def cost(count: int) -> int:
        arguments = block([b"rm", b"-r", *(b"directory/file-%d" % number for number in range(count))])
        facts = GivenFacts({("directory",): "/"})
        assert evaluate([one], "rm", arguments, facts).action is Action.ALLOW
        return calls(lambda: evaluate([one], "rm", arguments, facts))

    # Ten times as many; what grows with the square would take a hundred times as long.
    assert cost(10_000) < 15 * cost(1_000)
