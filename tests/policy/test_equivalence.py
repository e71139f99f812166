"""The table decides what the naive evaluator decides, undecided facts included."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from unittest import mock

import pytest
from budget import examples
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from oracle import Situation, decide, read
from safeshell_compiler import Compilation, compile_rules
from strategies import argument_policies, argument_situations, overrides, policies, situations

from safeshell.policy.evaluator import evaluate
from safeshell.policy.facts import UNDECIDED, Fact, FactKey, GivenFacts
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable


def _facts(situation: Situation) -> GivenFacts:
    given: dict[FactKey, Fact] = {
        ("directory",): situation.directory,
        ("branch",): situation.branch,
        ("in_repo",): situation.in_repo,
        ("ai",): situation.context == "ai",
    }
    if situation.agent is not None:
        given["agent",] = situation.agent
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


def _operands(situation: Situation) -> list[str]:
    return list(read(situation, ()).operands)


def _undecided(situation: Situation) -> bool:
    """Whether an operand leads nowhere that can be told, though the directory is known."""
    return situation.directory is not UNDECIDED and any(
        situation.places.get(operand) is UNDECIDED for operand in _operands(situation)
    )


@pytest.mark.parametrize(
    "special",
    [
        lambda situation: {"-r", "-f"} <= read(situation, ()).options and "-rf" in situation.argv,
        lambda situation: "--forc" in situation.argv and situation.name == "rm",
        lambda situation: "--forc" in situation.argv and situation.name == "tool",
        lambda situation: "--" in situation.argv and any(word.startswith("-") for word in _operands(situation)),
        lambda situation: any(".." in operand for operand in _operands(situation)),
        lambda situation: any(isinstance(situation.places.get(operand), str) for operand in _operands(situation)),
        lambda situation: situation.directory is UNDECIDED and "main" in _operands(situation),
        lambda situation: not situation.env and _operands(situation),
        lambda situation: _undecided(situation) and "/etc/x" in _operands(situation) and len(_operands(situation)) > 1,
    ],
)
def test_what_is_special_about_arguments_is_generated(special: Callable[[Situation], bool]) -> None:
    once = settings(max_examples=5000, database=None, phases=[Phase.generate])  # no need of the smallest
    find(argument_situations(), special, settings=once)


@examples(50)
@given(policies(), st.lists(situations(), min_size=1, max_size=4))
def test_the_table_agrees_with_the_oracle(text: str, asked: list[Situation]) -> None:
    compilation = _compile(rules=text)
    for situation in asked:
        _agrees(compilation, situation)


@examples(25)
@given(policies(), st.lists(situations(), min_size=1, max_size=4))
def test_a_table_whose_units_are_all_split_agrees_with_the_oracle(text: str, asked: list[Situation]) -> None:
    with mock.patch("safeshell_compiler.stages.index.SPLIT_ROWS", 0):
        compilation = _compile(rules=text)
    for situation in asked:
        _agrees(compilation, situation)


@examples(30)
@given(st.data())
def test_the_table_agrees_with_the_oracle_where_rules_are_overridden(data: st.DataObject) -> None:
    included = data.draw(policies())
    compilation = _compile(included=included, rules=data.draw(overrides(included)))
    _agrees(compilation, data.draw(situations()))


@examples(25)
@given(argument_policies(), st.lists(argument_situations(), min_size=10, max_size=10))
def test_the_table_agrees_with_the_oracle_about_arguments(text: str, asked: list[Situation]) -> None:
    compilation = _compile(rules=text)
    for situation in asked:
        _agrees(compilation, situation)
