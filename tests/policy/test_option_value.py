"""The condition about what an option is given, through everything: findings, decision, explanation, lines, diff."""

from __future__ import annotations

from pathlib import Path

import pytest
from counting import calls
from safeshell_compiler import Compilation, compile_rules
from safeshell_compiler.diff import Verdict, diff

from safeshell.cli.checkline import caller_of
from safeshell.command.command_line import block
from safeshell.home.settings import Settings
from safeshell.policy.decision import Action, Decision
from safeshell.policy.evaluator import evaluate
from safeshell.policy.explain import explain, render
from safeshell.policy.facts import GivenFacts
from safeshell.policy.table import Table
from safeshell.policy.trace import Trace
from safeshell.policy.units import LoadedTable
from safeshell.shell.judge import judge_line

PROD = "option_value: {option: [-n, --namespace], matches: '^prod$'}"
FLAG = "option_value: {option: [-lock, -var], matches: 'false$'}"
SOURCE = "option_value: {option: [-s, --source], matches: '^main$'}"
BACKUP = "option_value: {option: [-i], matches: '^bak$'}"


COMMANDS = "commands: [kubectl, terraform, git, sed, mytool]"


def compiled(directory: Path, *conditions: str, more: str = COMMANDS) -> Compilation:
    path = directory / "rules.yaml"
    text = "version: 1\nrules:\n"
    for number, condition in enumerate(conditions):
        text += f"  - name: r{number}\n    {more}\n    action: deny\n    message: m\n    tests: {{match: [x]}}\n"
        text += f"    conditions: {condition}\n"
    path.write_text(text, encoding="utf-8")
    return compile_rules(str(path), lint=True)


def table(directory: Path, *conditions: str, **more: str) -> Table:
    compilation = compiled(directory, *conditions, **more)
    assert compilation.table is not None, compilation.findings
    return Table(compilation.table, "")


def decide(one: Table, line: str) -> Decision:
    words = line.split(" ")
    return evaluate([LoadedTable(one)], words[0], block([word.encode() for word in words]), GivenFacts({}))


@pytest.mark.parametrize(
    ("condition", "line", "holds"),
    [
        # kubectl's own options are known, before the subcommand and behind it
        (PROD, "kubectl -n prod get pods", True),
        (PROD, "kubectl get pods -n prod", True),
        (PROD, "kubectl get pods -nprod", True),
        (PROD, "kubectl get pods --namespace=prod", True),
        (PROD, "kubectl get pods --namespace prod", True),
        (PROD, "kubectl get pods -An prod", True),
        (PROD, "kubectl get pods -n test --namespace prod", True),
        (PROD, "kubectl get pods --namespac=prod", False),  # pflag takes no abbreviation
        (PROD, "kubectl get pods -n test prod", False),
        (PROD, "kubectl get pods -n", False),
        (PROD, "kubectl get pods -- -n prod", False),
        (PROD, "kubectl get pods -o -n prod", False),  # -o takes `-n`
        # git takes abbreviations, and its own options are others than a subcommand's
        (SOURCE, "git restore --sour=main a", True),
        (SOURCE, "git restore -Ws main a", True),
        (SOURCE, "git restore -Wsmain a", True),
        (SOURCE, "git restore a --source topic", False),
        # words behind one dash
        (FLAG, "terraform apply -lock=false", True),
        (FLAG, "terraform apply --lock=false", True),
        (FLAG, "terraform apply -var x=false", True),
        (FLAG, "terraform apply -lock=true false", False),
        # of a command that nothing is known of, what is asked about takes a value
        (PROD, "mytool -n prod", True),
        (PROD, "mytool -vnprod", True),
        (PROD, "mytool -n=prod", True),
        (PROD, "mytool --name prod", True),
        (PROD, "mytool --namespace=prod", True),
        (PROD, "mytool prod -n", False),
        (PROD, "mytool --namespaces=prod", False),
        (FLAG, "mytool -lock false", True),
        (FLAG, "mytool -lock=false", True),
        (BACKUP, "sed -ibak x", True),
    ],
)
def test_the_value_is_found_in_any_spelling(tmp_path: Path, condition: str, line: str, holds: bool) -> None:
    found = decide(table(tmp_path, f"[{{{condition}}}]"), line)
    assert (found.action is Action.DENY) is holds
    assert found.facts == ()


def test_each_value_is_looked_at_by_itself_and_without_quotes(tmp_path: Path) -> None:
    one = LoadedTable(table(tmp_path, "[{option_value: {option: [-m], matches: '^a b$'}}]"))
    assert evaluate([one], "mytool", block([b"mytool", b"-m", b"a b"]), GivenFacts({})).action is Action.DENY
    assert evaluate([one], "mytool", block([b"mytool", b"-m", b"a", b"b"]), GivenFacts({})).action is Action.ALLOW


def test_bytes_that_are_no_text_are_seen_as_patterns_see_them(tmp_path: Path) -> None:
    one = LoadedTable(table(tmp_path, "[{option_value: {option: [-m], matches: '^\\x{FFFD}x$'}}]"))
    assert evaluate([one], "mytool", b"mytool\0-m\xffx\0", GivenFacts({})).action is Action.DENY


def test_takes_argument_counts_too(tmp_path: Path) -> None:
    more = "takes_argument: [-o]"
    one = table(tmp_path, f"[{{{PROD}}}]", more=f"commands: [mytool]\n    {more}")
    assert decide(one, "mytool -o -n prod").action is Action.ALLOW
    assert decide(one, "mytool -o x -n prod").action is Action.DENY


@pytest.mark.parametrize(
    ("conditions", "code", "says"),
    [
        ("[{option_value: {option: [n], matches: a}}]", "SS216", "no dash"),
        ("[{option_value: {option: [--n=a], matches: a}}]", "SS216", "a value"),
        ("[{option_value: {option: [], matches: a}}]", "SS206", "no option could be there"),
        ("[{option_value: {option: -n, matches: a}}]", "SS209", "a list"),
        ("[{option_value: {option: [-n], matches: 1}}]", "SS204", "text"),
        ("[{option_value: {option: [-n], matches: '(?!a)'}}]", "SS306", "does not compile"),
        ("[{option_value: {option: [-n]}}]", "SS203", "matches"),
        ("[{option_value: {option: [-n], matched: a}}]", "SS201", "matched"),
        ("[{option_value: [-n]}]", "SS210", "a mapping"),
        ("[{option_value: {option: [-n], matches: a}, option: [-n]}]", "SS211", "option_value and option"),
        ("[{option_value: {option: [-n], matches: 'secrets.yaml$'}}]", "SS323", "dot"),
        ("[{option_value: {option: [-n], matches: '\\pL{500}'}}]", "SS409", "KiB"),
        ("[{option_value: {option: [-n], matches: a}}, {option_value: {option: [-n], matches: a}}]", "SS322", "twice"),
        (f"[{{{PROD}}}, {{not: {{{PROD}}}}}]", "SS314", "never match"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, conditions: str, code: str, says: str) -> None:
    found = [(finding.code, finding.message) for finding in compiled(tmp_path, conditions).findings]
    assert any(one == code and says in message for one, message in found), found


def test_a_pattern_that_does_not_compile_is_said_beside_another_mistake(tmp_path: Path) -> None:
    found = compiled(tmp_path, "[{option_value: {option: [-n], matches: '('}}]", more="command: [x]").findings
    assert {finding.code for finding in found} >= {"SS201", "SS306"}


def test_a_rule_that_another_covers_is_told(tmp_path: Path) -> None:
    wide = "[{option_value: {option: [-n, --namespace, --ns], matches: '^prod$'}}]"
    assert [one.code for one in compiled(tmp_path, wide, f"[{{{PROD}}}]").findings] == ["SS334"]
    assert [one.code for one in compiled(tmp_path, f"[{{{PROD}}}]", wide).findings] == []
    assert [one.code for one in compiled(tmp_path, wide.replace("prod", "test"), f"[{{{PROD}}}]").findings] == []


def test_an_explanation_shows_it_as_it_is_written(tmp_path: Path) -> None:
    one = LoadedTable(table(tmp_path, f"[{{{PROD}}}]"))
    trace = Trace(GivenFacts({}))
    decision = evaluate([one], "mytool", b"mytool\0-ntest\0", GivenFacts({}), judge=trace)
    text = render(explain(trace, decision, "mytool"))
    assert "no  option_value: {option: [--namespace, -n], matches: ^prod$}  arguments" in text


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("kubectl -n prod delete $POD", "deny"),
        ("kubectl -n $NS delete pod a", "require_approval"),
        ("kubectl delete pod a $MORE", "require_approval"),
        ("kubectl delete pod $POD", "allow"),  # what isn't called options is taken to be none
        ("kubectl -n test delete pod a", "allow"),
    ],
)
def test_an_unknown_word_of_a_line_leaves_it_undecided(tmp_path: Path, line: str, word: str) -> None:
    caller = caller_of([table(tmp_path, f"[{{{PROD}}}]")], Settings(), {}, b"/", None, shims=False)
    found = judge_line(line, caller)
    assert found.decision.action.word == word


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (f"[{{{PROD}}}]", "[{command_contains: never}]", "kubectl -nprod"),
        (f"[{{{PROD}}}]", PROD.join(("[{", "}, {option: [-y]}]")), "kubectl -nprod"),
        ("[{option: [-n]}]", f"[{{option: [-n]}}, {{not: {{{PROD}}}}}]", "kubectl -nprod"),
    ],
)
def test_a_change_is_shown_by_a_command(tmp_path: Path, before: str, after: str, shown: str) -> None:
    more = "commands: [kubectl]"
    old, new = table(tmp_path, before, more=more), table(tmp_path, after, more=more)
    (change,) = diff(old, new).changes
    assert change.verdict is Verdict.LOOSENED
    assert change.witnesses[0].situation.line.startswith(shown)


def test_the_cost_grows_with_the_number_of_values_only(tmp_path: Path) -> None:
    one = LoadedTable(table(tmp_path, f"[{{{PROD}}}, {{not: {{{SOURCE}}}}}]"))

    def cost(count: int) -> int:
        arguments = block([b"mytool", *(b"-nfile-%d" % number for number in range(count))])
        assert evaluate([one], "mytool", arguments, GivenFacts({})).action is Action.ALLOW
        return calls(lambda: evaluate([one], "mytool", arguments, GivenFacts({})))

    assert cost(5_000) < 15 * cost(500)
