"""The table decides what the naive evaluator decides, undecided facts included."""

from __future__ import annotations

import os
import tempfile

from budget import examples
from hypothesis import given
from hypothesis import strategies as st
from oracle import Situation, decide
from safeshell_compiler import Compilation, compile_rules
from strategies import argument_policies, argument_situations, overrides, policies, situations

from safeshell.evaluator import LoadedTable, evaluate
from safeshell.facts import Fact, FactKey, GivenFacts
from safeshell.table import Table


def _facts(situation: Situation) -> GivenFacts:
    given: dict[FactKey, Fact] = {
        ("directory",): situation.directory,
        ("branch",): situation.branch,
        ("in_repo",): situation.in_repo,
        ("ai",): situation.context == "ai",
    }
    given.update({("env", name): value for name, value in situation.env.items()})
    given.update({("file", path): there for path, there in situation.files.items()})
    given.update({("place", path): place for path, place in situation.places.items()})
    return GivenFacts(given)


def _compile(**files: str) -> Compilation:
    with tempfile.TemporaryDirectory() as directory:
        for name, text in files.items():
            with open(os.path.join(directory, f"{name}.yaml"), "w", encoding="utf-8") as file:
                file.write(text)
        return compile_rules(os.path.join(directory, "rules.yaml"))


def _agrees(compilation: Compilation, situation: Situation) -> None:
    errors = [finding for finding in compilation.findings if finding.severity == "error"]
    assert errors == []
    assert compilation.table is not None
    loaded = LoadedTable(Table(compilation.table, "/"))
    expected = decide(compilation.policy, situation)
    full = evaluate([loaded], situation.name, situation.arguments, _facts(situation), full=True)
    assert (full.action.word, full.rule, full.timeout_ms) == expected
    quick = evaluate([loaded], situation.name, situation.arguments, _facts(situation))
    assert (quick.action.word, quick.rule) == expected[:2]


@examples(150)
@given(policies(), st.lists(situations(), min_size=1, max_size=4))
def test_the_table_agrees_with_the_oracle(text: str, asked: list[Situation]) -> None:
    compilation = _compile(rules=text)
    for situation in asked:
        _agrees(compilation, situation)


@examples(100)
@given(st.data())
def test_the_table_agrees_with_the_oracle_where_rules_are_overridden(data: st.DataObject) -> None:
    included = data.draw(policies())
    compilation = _compile(included=included, rules=data.draw(overrides(included)))
    _agrees(compilation, data.draw(situations()))


@examples(200)
@given(argument_policies(), st.lists(argument_situations(), min_size=10, max_size=10))
def test_the_table_agrees_with_the_oracle_about_arguments(text: str, asked: list[Situation]) -> None:
    compilation = _compile(rules=text)
    for situation in asked:
        _agrees(compilation, situation)
