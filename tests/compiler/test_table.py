"""The table: its text is the golden one, and the same sources make the same bytes everywhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rulecases import Compile
from safeshell_compiler import STAGES, compile_rules
from safeshell_compiler.dump import dump

from safeshell.errors import TableError
from safeshell.policy.patterns import SHARD_PATTERNS
from safeshell.policy.table import SECTIONS, Records, table_digest

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    """The golden rules where nobody else can write them, whatever the checkout's umask was."""
    for name in ("rules.yaml", "team.yaml"):
        (tmp_path / name).write_bytes((GOLDEN / name).read_bytes())
        (tmp_path / name).chmod(0o600)
    return tmp_path / "rules.yaml"


def test_the_dump_is_the_golden_one(golden: Path) -> None:
    compilation = compile_rules(str(golden))
    assert compilation.findings == ()
    assert compilation.table is not None
    assert dump(compilation.table) == (GOLDEN / "dump.txt").read_text(encoding="utf-8")


def test_a_damaged_table_is_not_dumped(golden: Path) -> None:
    table = compile_rules(str(golden)).table
    assert table is not None
    with pytest.raises(TableError):
        dump({**table, "rows": table["rows"][:-1]})


def test_the_digest_is_the_tables(golden: Path) -> None:
    compilation = compile_rules(str(golden))
    assert compilation.table is not None
    assert tuple(compilation.table) == SECTIONS
    assert compilation.digest == table_digest(compilation.table)


def test_every_stage_is_timed_in_order(golden: Path) -> None:
    assert [name for name, _ in compile_rules(str(golden)).timings] == [name for name, _ in STAGES]


def test_the_same_sources_elsewhere_have_the_same_digest(golden: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("team.yaml", "rules.yaml"):  # made in another order than before
        shutil.copy(tmp_path / name, elsewhere / name)
    program = "import sys; from safeshell_compiler import compile_rules; print(compile_rules(sys.argv[1]).digest)"
    digests = {
        subprocess.run(
            [sys.executable, "-c", program, str(path)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for path, seed in ((golden, "1"), (golden, "2"), (elsewhere / "rules.yaml", "3"))
    }
    assert digests == {f"{compile_rules(str(golden)).digest}\n"}


def test_a_change_in_any_source_changes_the_digest(golden: Path) -> None:
    before = compile_rules(str(golden)).digest
    with (golden.parent / "team.yaml").open("a") as file:
        file.write("# a comment\n")
    assert compile_rules(str(golden)).digest not in (before, None)


def test_many_patterns_are_sharded(compile_text: Compile) -> None:
    count = SHARD_PATTERNS + 1
    rules = (
        f"- {{name: r{n}, action: allow, message: m, conditions: [{{command_contains: word{n}}}]}}\n"
        for n in range(count)
    )
    table = compile_text("version: 1\nrules:\n" + "".join(rules)).table
    assert table is not None
    (unit,) = [Records(table["units"])[0]]
    assert [len(shard) for shard in unit["shards"]["line"]] == [SHARD_PATTERNS, 1]
    assert unit["rows"] == list(range(count))


def test_a_shard_that_does_not_fit_is_split(compile_text: Compile) -> None:
    # Each fits alone, all together do not.
    rules = (
        f"- {{name: r{n}, action: allow, message: m, conditions: [{{command_matches: 'x{n}(\\pL{{40}}){{4}}'}}]}}\n"
        for n in range(12)
    )
    compilation = compile_text("version: 1\nrules:\n" + "".join(rules))
    assert compilation.findings == ()
    assert compilation.table is not None
    shards = Records(compilation.table["units"])[0]["shards"]["line"]
    assert len(shards) > 1
    assert sorted(atom for shard in shards for atom in shard) == list(range(12))


def test_contradictions_stay_where_a_fact_may_be_undecided(compile_text: Compile) -> None:
    contradiction = "[{file_exists: x}, {not: {file_exists: x}}]"
    text = f"version: 1\nrules: [{{name: a, action: allow, message: m, conditions: {contradiction}}}]\n"
    table = compile_text(text).table
    assert table is not None
    assert Records(table["rows"])[0] == [0, [0], [0]]


def test_a_lone_bracket_is_a_command_and_no_glob(compile_text: Compile) -> None:
    text = "version: 1\nrules: [{name: a, action: allow, message: m, commands: ['[', 'a?', '[ab]', 'x[']}]\n"
    table = compile_text(text).table
    assert table is not None
    dispatch = json.loads(table["dispatch"])
    assert sorted(dispatch["exact"]) == ["[", "x["]
    assert [glob for glob, _ in dispatch["globs"]] == ["[ab]", "a?"]
