"""Conditions about files: `writes_under`, `reads_matches` and their like, held against a plain oracle."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from budget import examples
from hypothesis import given
from hypothesis import strategies as st
from safeshell_compiler import compile_rules

from safeshell.policy.context import Context
from safeshell.policy.decision import Action
from safeshell.policy.evaluator import evaluate
from safeshell.policy.facts import UNDECIDED, Fact, RequestFacts
from safeshell.policy.file_call import FileTrace, evaluate_files
from safeshell.policy.lies import USES, used_text
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable
from safeshell.policy.world import FileUse

HOME = "home"


def plant(root: Path) -> Path:
    """A home with a project, and links into it and out of it."""
    (root / HOME / "work" / ".git").mkdir(parents=True)
    (root / HOME / "work" / "src").mkdir()
    (root / HOME / "work" / "out").symlink_to(root / "elsewhere")
    (root / HOME / "work" / "key").symlink_to(root / HOME / ".ssh" / "id")
    (root / HOME / ".ssh").mkdir()
    (root / HOME / ".ssh" / "id").touch()
    (root / "elsewhere").mkdir()
    (root / "in").symlink_to(root / HOME / "work" / "src")
    (root / "circle").symlink_to("circle")
    return root


_PATHS = st.sampled_from(
    [
        *("x", "../x", "src/a.py", "out/x", "key", "../.ssh/id", "../../in/new", ".", "..", "../..", "src/../../y"),
        *("{}/elsewhere/z", "{}/home/work/deep/er", "{}/in/.env", "{}/circle/x", "/", "/etc/hosts", "{}"),
    ]
)
_PLACES = st.sampled_from(["@project", "~", "@home", "~/.ssh", "{}/elsewhere", "{}/in", "{}", "/etc", "{}/circle"])
_PATTERNS = st.sampled_from([r"\.env$", "/id$", "elsewhere", "^/etc/", "work/(src|deep)", "key"])
_FILES = st.one_of(
    *[
        st.fixed_dictionaries({f"{use}_{relation}": st.lists(_PLACES, min_size=1, max_size=2)})
        for use in USES
        for relation in ("under", "covers", "outside")
    ],
    *[st.fixed_dictionaries({f"{use}_matches": _PATTERNS}) for use in USES],
)
_LEAVES = st.one_of(_FILES, _FILES, st.just({"command_contains": "x"}), st.just({"option": ["-f"]}))
_CONDITIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=2)}),
    ),
    max_leaves=3,
)
_USED = st.builds(
    FileUse,
    st.lists(_PATHS, max_size=2).map(tuple),
    st.lists(_PATHS, max_size=2).map(tuple),
    st.sampled_from([(), (), ("writes",)]),
)


def tables_of(rules: list[dict[str, Any]], directory: str) -> list[LoadedTable]:
    path = os.path.join(directory, "rules.yaml")
    Path(path).write_text(yaml.safe_dump({"version": 1, "rules": rules}), encoding="utf-8")
    compilation = compile_rules(path)
    assert [one for one in compilation.findings if one.severity == "error"] == []
    assert compilation.table is not None
    return [LoadedTable(Table(compilation.table, "/"))]


def facts_of(root: Path, used: FileUse) -> RequestFacts:
    home = root / HOME
    facts = RequestFacts(b"\0HOME=" + os.fsencode(home) + b"\0", os.fsencode(home / "work"), Context())
    facts.uses(used)
    return facts


def truth(condition: dict[str, Any], root: Path, used: FileUse) -> bool | None:
    """A condition by the contract's words, one path and one place at a time; None is undecided."""
    ((kind, value),) = condition.items()
    if kind == "not":
        inner = truth(value, root, used)
        return None if inner is None else not inner
    if kind in ("all", "any"):
        truths = [truth(one, root, used) for one in value]
        decides = kind == "any"
        return decides if decides in truths else None if None in truths else not decides
    if kind in ("command_contains", "option"):
        return False  # there is no command
    use, relation = kind.split("_")
    if use in used.untold:
        return None
    found = [file_is(relation, value, path, root) for path in getattr(used, use)]
    return True if True in found else None if None in found else False


def file_is(relation: str, value: Any, path: str, root: Path) -> bool | None:
    named = os.path.normpath(os.path.join(root / HOME / "work", path))
    where = real(os.path.join(root / HOME / "work", path))
    if relation == "matches":
        return None if where is None else bool(re.search(value, named) or re.search(value, where))
    tops = [top for place in value for top in spell_out(place, root)]
    resolved = [None if top is None else real(top) for top in tops]
    if where is None:
        return None
    inside = [None if top is None else where == top or where.startswith(top.rstrip("/") + "/") for top in resolved]
    above = [None if top is None else top == where or top.startswith(where.rstrip("/") + "/") for top in resolved]
    truths = above if relation == "covers" else inside
    some = True if True in truths else None if None in truths else False
    return (None if some is None else not some) if relation == "outside" else some


def spell_out(place: str, root: Path) -> list[str]:
    account = os.path.expanduser(f"~{pwd_name()}")
    if place == "@project":
        return [str(root / HOME / "work")]
    if place.startswith(("~", "@home")):
        rest = place[1:] if place.startswith("~") else ""
        return [account + rest, str(root / HOME) + rest]
    return [place]


def pwd_name() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def real(path: str) -> str | None:
    return None if "circle" in path else os.path.realpath(path)


def filled(value: Any, root: Path) -> Any:
    if isinstance(value, str):
        return value.replace("{}", str(root))
    if isinstance(value, dict):
        return {key: filled(inner, root) for key, inner in value.items()}
    return [filled(inner, root) for inner in value]


def asks(condition: dict[str, Any]) -> bool:
    ((kind, value),) = condition.items()
    if kind == "not":
        return asks(value)
    return any(map(asks, value)) if kind in ("all", "any") else kind.startswith(USES)


def has_others(condition: dict[str, Any]) -> bool:
    """Whether an alternative of it is not about files: such rows don't count here."""
    ((kind, value),) = condition.items()
    if kind == "not":
        return has_others(value)
    return kind in ("all", "any") and (not all(map(asks, value)) or any(map(has_others, value)))


@examples(150)
@given(_CONDITIONS.filter(lambda one: asks(one) and not has_others(one)), _USED, st.sampled_from(Action))
def test_a_file_tools_call_is_decided_as_the_oracle_does(
    condition: dict[str, Any], used: FileUse, action: Action
) -> None:
    action = Action.DENY if action is Action.REDIRECT else action
    with tempfile.TemporaryDirectory() as directory:
        root = plant(Path(os.path.realpath(directory)))
        condition = filled(condition, root)
        used = FileUse(tuple(filled(list(used.writes), root)), tuple(filled(list(used.reads), root)), used.untold)
        rule = {"name": "files", "message": "no", "action": action.word, "conditions": [condition]}
        tables = tables_of([rule], directory)
        decision = evaluate_files(tables, "Write x", facts_of(root, used))
        expected = truth(condition, root, used)
        assert bool(decision.matched) is (action is not Action.ALLOW if expected is None else expected)


def decide(conditions: str, used: FileUse, root: Path, more: str = "") -> Action:
    rule = yaml.safe_load(f"{{name: r, message: m, action: deny, conditions: {conditions}, {more}}}")
    return evaluate_files(tables_of([rule], str(root)), "Write x", facts_of(root, used)).action


@pytest.mark.parametrize(
    ("more", "conditions"),
    [
        ("commands: [git]", "[{writes_under: [/]}]"),
        ("commands: ['*']", "[{writes_under: [/]}]"),
        ("", "[{path_matches: ''}]"),
        ("", "[{not: {command_contains: x}}]"),
        ("", "[{writes_under: [/]}, {command_matches: 'a'}]"),
    ],
)
def test_rules_about_commands_are_not_about_file_tools(tmp_path: Path, more: str, conditions: str) -> None:
    assert decide(conditions, FileUse(("x",)), plant(tmp_path), more) is Action.ALLOW


def test_of_alternatives_those_count_that_are_about_files(tmp_path: Path) -> None:
    root = plant(tmp_path)
    conditions = "[{any: [{path_matches: ''}, {writes_matches: secret}]}]"
    assert decide(conditions, FileUse(("x",)), root) is Action.ALLOW
    assert decide(conditions, FileUse(("secret",)), root) is Action.DENY


def test_what_is_not_told_restricts(tmp_path: Path) -> None:
    root = plant(tmp_path)
    assert decide("[{writes_under: [/etc]}]", FileUse(untold=("writes",)), root) is Action.DENY
    assert decide("[{writes_under: [/etc]}]", FileUse(untold=("reads",)), root) is Action.ALLOW


def test_a_command_writes_nothing_that_is_told(tmp_path: Path) -> None:
    rule = {"name": "r", "message": "m", "action": "deny", "conditions": [{"writes_under": ["/"]}]}
    (table,) = tables_of([rule], str(tmp_path))
    facts = RequestFacts(b"\0", b"/", Context())
    assert evaluate([table], "tee", b"tee\0/etc/x\0", facts).action is Action.ALLOW
    assert facts.seen == {("writes",): None}  # and that is all that was looked at


def test_the_session_says_where_the_project_is(tmp_path: Path) -> None:
    root = plant(tmp_path)
    rule = {"name": "r", "message": "m", "action": "deny", "conditions": [{"writes_outside": ["@project"]}]}
    tables = tables_of([rule], str(root))
    facts = RequestFacts(b"\0", os.fsencode(root / "elsewhere"), Context())
    facts.uses(FileUse((str(root / HOME / "work" / "x"),)))
    assert evaluate_files(tables, "", facts).action is Action.DENY
    facts = RequestFacts(b"\0", os.fsencode(root / "elsewhere"), Context())
    facts.uses(FileUse((str(root / HOME / "work" / "x"),)))
    facts.began_in(os.fsencode(root / HOME / "work" / "src"))
    assert evaluate_files(tables, "", facts).action is Action.ALLOW
    again = RequestFacts.waiting(facts.place)
    assert again.lies("under", ["@project"], [str(root / HOME / "work" / "x")]) is True


def test_facts_in_words_and_in_records(tmp_path: Path) -> None:
    from safeshell.policy.atoms import FACTS, condition, fact

    root = plant(tmp_path)
    facts = facts_of(root, FileUse(("key",)))
    rule = {
        "name": "r",
        "message": "m",
        "action": "deny",
        "conditions": [{"writes_under": ["~/.ssh"]}, {"writes_matches": "id$"}],
    }
    trace = FileTrace(facts)
    decision = evaluate_files(tables_of([rule], str(root)), "Write key", facts, trace=trace)
    assert (decision.action, decision.subject) == (Action.DENY, "Write key")
    words = [fact(key, value) for key, value in decision.facts]
    assert words[0] == "writes 'key'"
    assert "of 'key' one lies under ~/.ssh" in words
    assert f"'key' is '{root}/home/work/key' and '{root}/home/.ssh/id'" in words
    assert condition(["writes", ["@project"], "outside"]) == "writes_outside: [@project]"
    assert condition(["reads", "a", "matches"], wanted=False) == "not: {reads_matches: a}"
    held: dict[str, Any] = {}
    for key, value in decision.facts:
        FACTS[key[0]].record(held, key[1:], value)
    assert held["writes"] == ["key"]
    recalled = [pair for kind, value in held.items() for pair in FACTS[kind].recall(value)]
    assert dict(recalled) == dict(decision.facts)
    undecided: Fact = UNDECIDED
    assert fact(("writes",), undecided) == "undecided what it writes"
    assert fact(("leads", "x"), undecided) == "undecided where 'x' leads"
    assert fact(("reads",), None) == "reads no file that is told"
    assert used_text([]) is None
