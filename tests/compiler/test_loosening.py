"""Loosening by form: what only adds restrictions counts at once; everything else may loosen, and says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from safeshell_compiler import compile_rules
from safeshell_compiler.loosening import Edit, compare

from safeshell.home.settings import Limits, Settings
from safeshell.policy.table import Table

BASE = """\
version: 1
rules:
  - name: no-precious
    commands: [rm, unlink]
    conditions: [{any: [{command_contains: precious}, {all: [{in_git_repo: true}, {command_contains: keep}]}]}]
    action: deny
    message: Precious.
  - {name: ask, commands: [touch], context: ai_only, action: require_approval, message: Ask., timeout: 10s}
  - {name: bin, commands: [mv], action: redirect, redirect_to: bin $ARGS, message: Binned.}
  - {name: seen, commands: [cat], action: allow, message: Seen.}
  - {name: slow, commands: [make], action: allow, timeout: 30s, message: Slow.}
  - {name: trial, commands: [dd], action: deny, observe: true, message: Trial.}
"""
RULE = "  - {name: new, commands: [cp], action: deny, message: New.}\n"

REDIRECT = "  - {name: new, commands: [mv], action: redirect, redirect_to: bin, message: N.}\n"

TIGHTENS: dict[str, str | tuple[str, str]] = {
    "nothing": BASE,
    "a rule is added": BASE + RULE,
    "a rule is added before the others": BASE.replace("rules:\n", "rules:\n" + RULE),
    "a rule that asks is added": BASE + RULE.replace("deny", "require_approval"),
    "an allow is added": BASE + RULE.replace("deny", "allow"),
    "an allow is gone": BASE.replace("  - {name: seen, commands: [cat], action: allow, message: Seen.}\n", ""),
    "a comment": "# why\n" + BASE,
    "another message": BASE.replace("Precious.", "Very precious."),
    "more alternatives": BASE.replace("{any: [", "{any: [{command_contains: dear}, "),
    "a condition less": BASE.replace("{in_git_repo: true}, ", ""),
    "no conditions at all": BASE.replace(BASE.splitlines()[4] + "\n", ""),
    "more commands": BASE.replace("[rm, unlink]", "[rm, unlink, shred]"),
    "any command": BASE.replace("    commands: [rm, unlink]\n", ""),
    "for people too": BASE.replace("context: ai_only, ", ""),
    "denies what it asked about": BASE.replace("require_approval", "deny"),
    "no longer only a trial": BASE.replace("observe: true, ", ""),
    "asked from outside": BASE.replace("require_approval,", "require_approval, approval: outside,"),
    "denies what was asked from outside": (
        BASE.replace("require_approval,", "require_approval, approval: outside,"),
        BASE.replace("require_approval", "deny"),
    ),
    "a shorter timeout": BASE.replace("30s", "3s"),
    "a redirect becomes a denial": BASE.replace("redirect, redirect_to: bin $ARGS", "deny"),
    "the same redirect for more": BASE.replace("[mv]", "[mv, cp]"),
}

LOOSENS: dict[str, tuple[str, ...]] = {
    "a rule is gone": ("version: 1\nrules: []\n", "no-precious: gone"),
    "another name": (BASE.replace("no-precious", "precious"), "no-precious: gone"),
    "fewer commands": (BASE.replace("[rm, unlink]", "[rm]"), "no-precious: it is about fewer commands"),
    "a glob for a name": (BASE.replace("[rm, unlink]", "['r?', unlink]"), "no-precious: it is about fewer commands"),
    "an alternative less": (BASE.replace("{command_contains: precious}, ", ""), "no-precious: its conditions"),
    "a condition more": (
        BASE.replace("{any: [", "{command_contains: x}, {any: ["),
        "no-precious: its conditions",
    ),
    "a directory": (BASE.replace("action: deny\n", "action: deny\n    directory: /work\n", 1), "no-precious: its cond"),
    "agents only": (BASE.replace("action: deny\n", "action: deny\n    context: ai_only\n", 1), "no-precious: its cond"),
    "people only": (BASE.replace("ai_only", "human_only"), "ask: its conditions"),
    "it asks": (BASE.replace("action: deny\n", "action: require_approval\n", 1), "deny became require_approval"),
    "it allows": (BASE.replace("action: deny\n", "action: allow\n", 1), "no-precious: deny became allow"),
    "only a trial": (BASE.replace("action: deny\n", "action: deny\n    observe: true\n", 1), "became deny, observed"),
    "a trial is gone": (BASE.replace("action: deny, observe: true", "action: allow"), "trial: deny, observed became"),
    "asked by the agent's own prompt": (
        BASE.replace("require_approval,", "require_approval, approval: outside,"),
        BASE,
        "ask: the agent's own prompt may approve it",
    ),
    "a longer timeout": (BASE.replace("30s", "3m"), "slow: its timeout is gone or longer"),
    "no timeout": (BASE.replace(", timeout: 30s", ""), "slow: its timeout is gone or longer"),
    "another target": (BASE.replace("bin $ARGS", "gone $ARGS"), "bin: it redirects to something else"),
    "a redirect is added": (
        BASE + "  - {name: new, commands: [ls], action: redirect, redirect_to: evil, message: New.}\n",
        "new: runs a program that no rule ran before",
    ),
    "a denial becomes a redirect": (
        BASE.replace("action: deny\n", "action: redirect\n    redirect_to: bin $ARGS\n", 1),
        "no-precious: deny became redirect",
    ),
    "a redirect before the other": (
        BASE.replace("rules:\n", f"rules:\n{REDIRECT}"),
        "the order of the redirects is another",
    ),
    "a placement": (BASE.replace("allow, message: Seen.", "allow, execution: in_place, message: S."), "`execution`"),
}


def table(directory: Path, rules: str) -> Table:
    path = directory / "rules.yaml"
    path.write_text(rules)
    compilation = compile_rules(str(path))
    assert compilation.table is not None, compilation.findings
    return Table(compilation.table, str(directory))


def edit(directory: Path, old: str, new: str) -> Edit:
    return compare(table(directory, old), table(directory, new))


@pytest.mark.parametrize("change", TIGHTENS)
def test_u14_what_only_tightens_is_known_to(change: str, tmp_path: Path) -> None:
    old, new = (BASE, given) if isinstance(given := TIGHTENS[change], str) else given
    assert edit(tmp_path, old, new).loosens == ()


@pytest.mark.parametrize("change", LOOSENS)
def test_u14_whatever_may_loosen_is_said_to(change: str, tmp_path: Path) -> None:
    *before, new, reason = LOOSENS[change]
    old = before[0] if before else BASE
    assert reason in "\n".join(edit(tmp_path, old, new).loosens)


def test_u14_what_tightens_and_what_loosens_in_one_edit_loosens(tmp_path: Path) -> None:
    found = edit(tmp_path, BASE, BASE.replace("[rm, unlink]", "[rm]") + RULE)
    assert (found.added, found.removed, found.changed) == (("new",), (), ("no-precious",))
    assert found.loosens == ("no-precious: it is about fewer commands",)


def test_u14_overrides_and_what_is_no_longer_included_loosen(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text(BASE)
    old = table(tmp_path, "version: 1\ninclude: [./team.yaml]\n")
    for more in (
        "overrides: [{name: ask, disabled: true}]",
        "overrides: [{name: ask, unless: [{path_matches: ^/tmp/}]}]",
        "overrides: [{name: ask, action: allow}]",
        "overrides: [{name: ask, context: human_only}]",
    ):
        new = table(tmp_path, f"version: 1\ninclude: [./team.yaml]\n{more}\n")
        assert compare(old, new).loosens, more
        assert not compare(new, old).loosens or "human_only" in more, more
    assert compare(old, table(tmp_path, "version: 1\ninclude: [pack:git]\n")).loosens
    # Moved to another file, a rule is the same rule.
    (tmp_path / "all.yaml").write_text(BASE)
    moved = compare(old, table(tmp_path, "version: 1\ninclude: [./all.yaml]\n"))
    assert moved.loosens == ()


SETTINGS_THAT_TIGHTEN = [
    {"unreachable_human": "deny"},
    {"markers": (*Settings().markers, "MINE")},
    {"approval_timeout_ms": 1000},
    {"audit_all": True},
    {"audit_size": 128 << 20, "audit_keep": 9},
    {"stats": False},
    {"trash_size": 0, "trash_age_ms": 0},
    {"shims_extra": ("make",)},
]
SETTINGS_THAT_LOOSEN = [
    {"unreachable_ai": "allow"},
    {"markers": ()},
    {"markers": Settings().markers[1:]},
    {"approval_timeout_ms": 400_000},
    {"execution": "daemon"},
    {"execution": "in_place"},
    {"notify": ("evil",)},
    {"audit_size": 1 << 16},
    {"audit_keep": 0},
    {"redact": (("all", "."),)},
    {"redact_known": False},
    {"trash_size": 1},
    {"trash_age_ms": 1},
    {"limits": Limits(connections=4)},
    {"limits": Limits(request_bytes=1 << 16)},
    {"shims_client": "bash"},
    {"shims_except": ("rm",)},
]


@pytest.mark.parametrize("change", [*SETTINGS_THAT_TIGHTEN, *SETTINGS_THAT_LOOSEN], ids=lambda change: str(change)[:60])
def test_u14_settings_are_judged_one_by_one(change: dict[str, object], tmp_path: Path) -> None:
    before = Settings()
    after = before._replace(**change)  # type: ignore[arg-type] # each is of its setting's type
    base = table(tmp_path, "version: 1\nrules: []\n# x\n" + RULE.replace("  - ", "# "))
    found = compare(base, base, before, after)
    assert found.settings == tuple(change)
    assert bool(found.loosens) == (change in SETTINGS_THAT_LOOSEN)
    assert not compare(base, base, before, before).means_something


def test_u14_a_marker_more_loosens_where_rules_are_about_people_only(tmp_path: Path) -> None:
    more = Settings(markers=(*Settings().markers, "MINE"))
    for context, loosens in (("human_only", True), ("ai_only", False), ("all", False)):
        rules = table(tmp_path, "version: 1\nrules:\n" + RULE.replace("action", f"context: {context}, action"))
        assert bool(compare(rules, rules, Settings(), more).loosens) is loosens


def test_u14_of_many_names_the_first_are_told(tmp_path: Path) -> None:
    many = "version: 1\nrules:\n" + "".join(RULE.replace("new", f"new-{number}") for number in range(60))
    told = edit(tmp_path, "version: 1\nrules:\n" + RULE, many).to_json()
    assert (len(told["added"]), told["added"][-1]) == (51, "and 10 more")
