"""Each witness that `safeshell diff` prints is decided by `safeshell check --table` as it says."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from budget import examples
from harness import Cli
from hypothesis import example, given
from hypothesis import strategies as st
from safeshell_compiler import Compilation, compile_rules

from safeshell.policy.decision import Action
from safeshell.policy.store.writing import write_file

STATUS = {"allow": 0, "deny": 3, "require_approval": 4, "redirect": 5}

_COMMANDS = ["git", "rm", "sudo", "env", "nice", "xargs", "g*", "sud?"]
_LEAVES: list[dict[str, Any]] = [
    {"command_matches": r"\s(--force|-f)(\s|$)"},
    {"command_matches": r"^(git|sudo|rm)\b"},
    {"command_contains": "rm"},
    {"command_contains": "push"},
    {"command_startswith": "sudo"},
    {"option": ["-f", "--force"]},
    {"option": ["-u"]},
    {"operand_matches": r"^\+"},
    {"operand_matches": "^rm$"},
    {"operand_under": ["/etc", "~/work"]},
    {"operand_under": ["build", "/"]},
    {"git_branch_in": ["main"]},
    {"git_branch_matches": "^release/"},
    {"env_equals": {"variable": "CI", "value": "1"}},
    {"path_matches": "^ROOT/work"},
    {"path_matches": "/usr$"},
    {"file_exists": "ROOT/work/freeze"},
]
_leaf = st.sampled_from(_LEAVES)
_condition = st.one_of(
    _leaf,
    st.fixed_dictionaries({"not": _leaf}),
    st.fixed_dictionaries({"any": st.lists(_leaf, min_size=2, max_size=2)}),
)


@st.composite
def _rule(draw: st.DrawFn, name: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"name": name, "message": draw(st.sampled_from(["No.", "Never."]))}
    rule["action"] = draw(st.sampled_from(["allow", "deny", "require_approval", "redirect"]))
    if rule["action"] == "redirect":
        rule["redirect_to"] = "trash $ARGS"
    if draw(st.booleans()):
        rule["commands"] = draw(st.lists(st.sampled_from(_COMMANDS), min_size=1, max_size=2, unique=True))
    if draw(st.booleans()):
        rule["conditions"] = draw(st.lists(_condition, min_size=1, max_size=2))
    if draw(st.integers(0, 4)) == 0:
        rule["context"] = draw(st.sampled_from(["ai_only", "human_only"]))
    return rule


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Two tables' rules, alike but for one rule or two."""
    rules = [draw(_rule(f"rule-{number}")) for number in range(draw(st.integers(1, 3)))]
    changed = draw(st.sets(st.integers(0, len(rules) - 1), min_size=1, max_size=2))
    other = [draw(_rule(rule["name"])) if number in changed else rule for number, rule in enumerate(rules)]
    return (rules, other[:-1]) if len(rules) > 1 and draw(st.booleans()) else (rules, other)


def rules(action: str) -> list[dict[str, Any]]:
    """One rule on rm."""
    more = {"redirect_to": "trash $ARGS"} if action == "redirect" else {}
    return [{"name": "rule-0", "message": "No.", "commands": ["rm"], "action": action, **more}]


@pytest.fixture
def root() -> Iterator[Path]:
    """A directory for rules, tables and what witnesses need to be there; its name is plain."""
    made = tempfile.mkdtemp(prefix="witness", dir="/tmp")
    yield Path(os.path.realpath(made))
    shutil.rmtree(made)


def compiled(root: Path, name: str, rules: list[dict[str, Any]]) -> str:
    """The file of a table with these rules."""
    path = root / f"{name}.yaml"
    text = yaml.safe_dump({"version": 1, "rules": rules}, sort_keys=False).replace("ROOT", str(root))
    path.write_text(text, encoding="utf-8")
    compilation: Compilation = compile_rules(str(path))
    assert compilation.table is not None, compilation.findings
    assert compilation.digest is not None
    table = str(root / f"{name}.table")
    write_file(table, compilation.digest, compilation.table)
    return table


def arranged(root: Path, witness: dict[str, Any]) -> list[str] | None:
    """The options of `check` for a witness, whose directory and files are made; None where it can't be set up."""
    directory = witness["cwd"]
    if directory.startswith(f"{root}/"):
        os.makedirs(directory, exist_ok=True)
    if not os.path.isdir(directory) or os.path.realpath(directory) != directory:
        return None
    if witness["in_git_repo"] is not (witness["branch"] is not None):
        return None  # it takes a repository of its own
    for file in witness["files"]:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        Path(file).touch()
    options = ["--cwd", directory, "--context", witness["context"]]
    options += [f"--env={name}={value}" for name, value in witness["env"].items()]
    return options + (["--branch", witness["branch"]] if witness["branch"] is not None else [])


def checked(cli: Cli, table: str, options: list[str], argv: list[str]) -> dict[str, Any]:
    """What `check` decides."""
    ran = cli("check", "--json", "--table", table, *options, "--", *argv)
    answer: dict[str, Any] = json.loads(ran.out)
    assert ran.status == STATUS[answer["decision"]]
    return answer


def test_check_decides_each_witness_differently(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(root / "home"))
    seen = {"checked": 0, "spelled": 0, "left": 0}

    @examples(20)
    @example((rules("redirect"), rules("require_approval")))
    @given(pairs())
    def holds(pair: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
        tables = [compiled(root, name, rules) for name, rules in zip(("old", "new"), pair, strict=True)]
        ran = cli("diff", "--json", *tables)
        found = json.loads(ran.out)
        assert ran.status == found["loosened"]
        for witness in [witness for change in found["changes"] for witness in change["witnesses"]]:
            shutil.rmtree(root / "work", ignore_errors=True)
            if "HOME" not in witness["env"] and "~" in str(pair):
                continue  # the account's own home counts, of which a witness knows nothing
            options = arranged(root, witness)
            if options is None:
                seen["left"] += 1
                continue
            sides = [checked(cli, table, options, witness["argv"]) for table in tables]
            expected = [(witness[name]["decision"], witness[name]["rule"]) for name in ("old", "new")]
            assert [(side["decision"], side["rule"]) for side in sides] == expected
            strengths = [Action[decision.upper()] for decision, _ in expected]
            directions = {"looser": strengths[0] < strengths[1], "tighter": strengths[0] > strengths[1]}
            assert directions.get(witness["direction"], strengths[0] == strengths[1])
            seen["checked"] += 1
            seen["spelled"] += len(sides[0]["spellings"]) > 1

    holds()
    assert seen["checked"] > 10
    assert seen["spelled"], "none of them runs a command inside of another"
    assert seen["left"] < seen["checked"] / 4
