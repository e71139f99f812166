"""Splits: rows of a large unit by grams; what the parts decide is what the whole decides."""

from __future__ import annotations

import pytest
from rulecases import Compile
from safeshell_compiler.stages.split import SPLIT_ROWS, split

from safeshell.command.command_line import block
from safeshell.policy.evaluator import evaluate
from safeshell.policy.facts import GivenFacts
from safeshell.policy.grams import grams_of_literal
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable, Unit


def test_each_row_stands_under_the_rarest_grams_that_it_needs() -> None:
    rest, by_gram = split({0: ["tool one"], 1: ["tool two"], 2: ["(tool three|tool four)"], 3: [".*"], 4: []})
    assert rest == [3, 4]
    assert sorted(row for rows in by_gram.values() for row in rows) == [0, 1, 2, 2]
    assert all(len(rows) == 1 for rows in by_gram.values())
    assert set(by_gram) <= {
        gram for word in ("tool one", "tool two", "tool three", "tool four") for gram in grams_of_literal(word)
    }


def rules(count: int) -> str:
    conditions = [
        f"{{command_matches: '\\bsub{number}\\b.*--(force|hard)'}}, {{not: {{command_contains: keep{number}}}}}"
        for number in range(count)
    ]
    return "version: 1\nrules:\n" + "".join(
        f"  - {{name: r{number}, commands: [tool], action: deny, message: m, conditions: [{condition}]}}\n"
        for number, condition in enumerate([*conditions, "{command_matches: 'z$'}"])
    )


@pytest.fixture
def loaded(compile_text: Compile) -> LoadedTable:
    table = compile_text(rules(SPLIT_ROWS)).table
    assert table is not None
    return LoadedTable(Table(table, ""))


LINES = [
    *("sub7 x --force", "SUB7 --force", "sub7 keep7 --force", "sub7 sub77 --hard keep7", "sub70 --force", "7", ""),
    *("x z", "sub255 --force z", "é sub9 --hardé", "sub9\n--force", "status --force"),
]


@pytest.mark.parametrize("words", LINES)
def test_the_parts_decide_as_the_whole(loaded: LoadedTable, words: str) -> None:
    line = f"tool {words}"
    parts = loaded.units_for("tool", line)
    (whole,) = loaded.units("tool")
    found = {row.rank for unit in parts for row in unit.open_rows(line)}
    assert found == {row.rank for row in whole.open_rows(line)}


def test_only_what_a_line_may_match_is_read(loaded: LoadedTable) -> None:
    def seen(words: str) -> list[int]:
        return [len(unit.rows()) for unit in loaded.units_for("tool", f"tool {words}")]

    assert seen("status --force") == [1]
    assert sum(seen("sub123 --force")) < 30


def test_a_decision_and_its_explanation_see_the_same_rows(loaded: LoadedTable) -> None:
    from safeshell.policy.trace import Trace

    arguments = block([b"tool", b"sub7", b"--force"])
    decided = evaluate([loaded], "tool", arguments, GivenFacts({}))
    trace = Trace(GivenFacts({}))
    traced = evaluate([loaded], "tool", arguments, GivenFacts({}), judge=trace)
    assert traced.to_json(cached=False) == decided.to_json(cached=False)
    assert decided.rule == "r7"
    (consulted,) = trace.consulted
    assert len(consulted.unit.rows()) == SPLIT_ROWS + 1


def test_parts_that_were_read_are_bounded(loaded: LoadedTable, monkeypatch: pytest.MonkeyPatch) -> None:
    from safeshell.policy import units

    monkeypatch.setattr(units, "_PARTS_MAX", 3)
    made: list[int] = []
    real = Unit.__init__

    def counted(self: Unit, table: Table, index: int, rules: dict[int, units.Rule]) -> None:
        made.append(index)
        real(self, table, index, rules)

    monkeypatch.setattr(Unit, "__init__", counted)
    for _ in range(2):
        for number in range(100, 120):
            loaded.units_for("tool", f"tool sub{number} --force")
    assert len(made) > 30  # what had to make room is read again
    (split,) = loaded._names["tool"][1]
    assert len(split._parts) <= 3


def test_few_rows_are_not_split(compile_text: Compile) -> None:
    table = compile_text(rules(SPLIT_ROWS - 1)).table
    assert table is not None
    assert Table(table, "").splits == {}
    assert b"splits" not in table["dispatch"]
