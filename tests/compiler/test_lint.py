"""Findings about meaning: each with its place, and beside each what looks like it and is in order."""

from __future__ import annotations

from pathlib import Path

import pytest
from safeshell_compiler import CODES, Compilation, compile_rules
from safeshell_compiler.lint import CHECKS
from safeshell_compiler.lint.dots import unescaped
from safeshell_compiler.reading.rule_model import Kind

HEAD = "version: 1\nrules:\n"


@pytest.fixture
def lint(tmp_path: Path) -> Lint:
    return Lint(tmp_path)


class Lint:
    """Compiles a text with the lint and tells the findings."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __call__(self, text: str, *, kind: Kind = "user") -> Compilation:
        path = self._directory / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        compilation = compile_rules(str(path), kind, lint=True)
        assert [found for found in compilation.findings if found.severity == "error"] == []
        assert compilation.table is not None
        return compilation

    def codes(self, text: str) -> list[tuple[str, int]]:
        """Code and line of each finding."""
        return [(found.code, found.line) for found in self(text).findings]

    def conditions(self, *lines: str, commands: str = "[git]") -> list[tuple[str, int]]:
        """Code and position among the conditions, from 1, of each finding about a rule with these."""
        text = rule("a", commands=commands) + "  conditions:\n" + "".join(f"  - {line}\n" for line in lines)
        return [(found.code, found.line - 8) for found in self(HEAD + text).findings]


def rule(name: str, *, action: str = "deny", commands: str = "[git]", more: str = "") -> str:
    """A rule of five lines, and more where `more` says so; its test fits no condition."""
    return f"- name: {name}\n  commands: {commands}\n  action: {action}\n  message: m\n  tests: {{match: [x]}}\n{more}"


def matching(pattern: str) -> str:
    """The `conditions` of a rule with one pattern."""
    return "  conditions: [{command_matches: '" + pattern + "'}]\n"


def test_every_check_reports_warnings_that_no_other_reports() -> None:
    codes = [code for _, _, codes in CHECKS for code in codes]
    assert len(codes) == len(set(codes))
    assert {CODES[code].severity for code in codes} == {"warning"}
    assert all(CODES[code].hint for code in codes)


def test_the_lint_changes_no_table(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(HEAD + rule("a", more=matching(".*")))
    linted, plain = compile_rules(str(path), lint=True), compile_rules(str(path))
    assert linted.findings
    assert plain.findings == ()
    assert linted.digest == plain.digest
    assert [name for name, _ in linted.timings][-1] == "lint"


def test_the_lint_speaks_beside_errors(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(HEAD + rule("a", more=matching(".*")) + rule("b", more=matching("(")))
    assert [found.code for found in compile_rules(str(path), lint=True).findings] == ["SS324", "SS306"]


@pytest.mark.parametrize(
    ("kind", "action", "expected"),
    [
        ("user", "deny", ["SS321"]),
        ("user", "require_approval", ["SS321"]),
        ("user", "allow", []),
        pytest.param("system", "deny", [], marks=pytest.mark.needs("root")),
        ("repository", "deny", []),
    ],
)
def test_a_rule_without_commands(lint: Lint, kind: Kind, action: str, expected: list[str]) -> None:
    text = HEAD + f"- {{name: a, action: {action}, message: m, tests: {{match: [x]}}}}\n"
    found = lint(text, kind=kind).findings
    assert [one.code for one in found] == expected
    assert [(one.line, one.column) for one in found] == [(3, 10)] * len(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rule("a", commands="[git, rm, git]"), [("SS322", 4)]),
        (rule("a", commands="[git, rm, 'g*t']"), []),
        (rule("a", more="  conditions: [{git_branch_in: [main, x, main]}]\n"), [("SS322", 8)]),
        (rule("a", more="  conditions: [{any: [{file_exists: x}, {file_exists: x}]}]\n"), [("SS322", 8)]),
        (rule("a", more="  conditions: [{not: {any: [{file_exists: x}, {file_exists: x}]}}]\n"), [("SS322", 8)]),
        (rule("a", more="  conditions: [{any: [{file_exists: x}, {file_exists: y}]}, {file_exists: x}]\n"), []),
    ],
)
def test_what_stands_twice(lint: Lint, text: str, expected: list[tuple[str, int]]) -> None:
    assert lint.codes(HEAD + text) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        "secrets.yaml", r"\ssecrets.yaml$", "(id_rsa|secrets.yaml)", r"cat\s.env\b", ".env", "/.ssh/", "prod.tfvars",
        r"\.ssh/config.json",
    ],
)  # fmt: skip
def test_a_dot_in_a_file_name(pattern: str) -> None:
    assert [pattern[offset] for offset in unescaped(pattern)] == ["."]


@pytest.mark.parametrize(
    "pattern",
    [
        r"\.", "[.]", ".*", ".+", "^git push.*", "^git push.force", r"secrets\.yaml", "secrets[.]yaml", r"a\.b.*c",
        "x.{2}",
        r"\Qsecrets.yaml\E", "[^.env]", ".envelope", "push.*yaml", "foo.*json", ".env?", "x.py*", r"\..env", "a.shell",
        r"--git-dir=\S+.git-x", "[a.env]", "git.config", r"\bmain.release",
    ],
)  # fmt: skip
def test_a_dot_that_may_stand_for_anything(pattern: str) -> None:
    assert unescaped(pattern) == []


@pytest.mark.parametrize(
    "conditions",
    [
        "  conditions: [{command_matches: 'it''s a.yaml, abc.yaml'}]\n",
        "  conditions:\n  - command_matches: |-\n      a\n      abc.yaml\n",
        '  conditions: [{command_matches: "\\\\sabc.yaml"}]\n',
        "  directory: /home/abc.yaml/x\n",
    ],
)
def test_a_dot_is_pointed_at(lint: Lint, conditions: str) -> None:
    text = HEAD + rule("a", more=conditions)
    (found,) = lint(text).findings
    assert found.code == "SS323"
    assert text.splitlines()[found.line - 1][found.column - 1 :].startswith(".yaml")
    assert "abc" in text.splitlines()[found.line - 1][found.column - 4 : found.column - 1]
    assert found.hint == r"write it as abc\.yaml"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [(r"(\\pL{40}){4}", ["SS409"]), (r"x\\pL{3}", []), ("a{1000}", []), ("[a-z]{2,50}x", [])],
)
def test_cost(lint: Lint, pattern: str, expected: list[str]) -> None:
    text = HEAD + rule("a", more=f'  conditions: [{{command_matches: "{pattern}"}}]\n')
    assert [found.code for found in lint(text).findings] == expected


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("command_matches: .*", "SS324"),
        ("command_matches: ''", "SS324"),
        ("command_matches: push|", "SS324"),
        (r"command_matches: \s*", "SS324"),
        ("path_matches: ^", "SS324"),
        ("git_branch_matches: release|", "SS324"),
        ("command_matches: .", "SS325"),
        (r"command_matches: ^git\b", "SS325"),
        ("command_startswith: git", "SS325"),
        ("path_matches: ^/", "SS325"),
        ("command_matches: ^$", "SS326"),
        ("command_matches: a^b", "SS326"),
        ("command_startswith: /usr/bin/git", "SS326"),
        ("path_matches: ^home/", "SS326"),
        ("path_matches: /work/$", "SS326"),
        ("command_matches: ^gti push", "SS327"),
        ("command_matches: ^(rm|sudo rm) -r", "SS327"),
        ("command_startswith: 'rm '", "SS327"),
        ("not: {command_matches: ^rm}", "SS328"),
    ],
)
def test_what_always_or_never_holds(lint: Lint, condition: str, code: str) -> None:
    assert lint.conditions("file_exists: x", condition) == [(code, 2)]


@pytest.mark.parametrize(
    "condition",
    [
        r"command_matches: push(\s|$)",
        "command_matches: ^git push",
        r"command_matches: (^|\s)rm\s",
        "command_matches: (?i)^GIT push",
        r"command_matches: '^git\s+push\b.*\s(--force|-f)(\s|$)'",
        r"command_matches: ^\S+\s+push",
        r"command_matches: x\pL",
        r"command_matches: ^git .*\z",
        "command_contains: /usr/bin/git",
        "command_startswith: 'git '",
        "git_branch_matches: .*",  # on some branch
        "git_branch_matches: ^release/",
        "path_matches: /work$",
        "path_matches: ^/$",
        "not: {command_matches: push}",
        "any: [{command_matches: ^git push}, {command_matches: ^git pull}]",
    ],
)
def test_what_may_or_may_not_hold(lint: Lint, condition: str) -> None:
    assert lint.conditions("file_exists: x", condition) == []


def test_a_glob_of_commands(lint: Lint) -> None:
    assert lint.conditions(r"command_matches: ^mkfs\.ext4 /dev", commands="['mkfs.*']") == []
    assert lint.conditions("command_matches: ^mkfs /dev", commands="['mkfs.*']") == [("SS327", 1)]
    assert lint.conditions("command_matches: ^rm ", commands="[git, rm]") == []


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("git_branch_in: [a, b]", "git_branch_in: [c]", "SS329"),
        ("git_branch_in: [main]", "git_branch_matches: ^release/", "SS329"),
        ("git_branch_in: [main]", "not: {git_branch_in: [main, x]}", "SS329"),
        ("git_branch_matches: ^main", "git_branch_matches: ^release", "SS329"),
        ("env_equals: {variable: A, value: x}", "env_equals: {variable: A, value: y}", "SS329"),
        ("in_git_repo: true", "in_git_repo: false", "SS329"),
        ("file_exists: x", "not: {file_exists: x}", "SS329"),
        ("command_matches: ^git push", "command_matches: ^git commit", "SS329"),
        ("command_contains: --force-with-lease", "not: {command_contains: --force}", "SS329"),
        ("path_matches: ^/a", "path_matches: ^/b", "SS329"),
        ("in_git_repo: false", "git_branch_in: [main]", "SS331"),
    ],
)
def test_two_that_exclude_each_other(lint: Lint, first: str, second: str, code: str) -> None:
    assert lint.conditions(first, second) == [(code, 2)]
    assert lint.conditions("any: [{file_exists: y}, {all: [{" + first + "}, {" + second + "}]}]") == [(code, 1)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("git_branch_in: [a, b]", "git_branch_in: [b]"),
        ("git_branch_in: [main, release/1]", "git_branch_matches: ^release/"),
        ("git_branch_in: [main, x]", "not: {git_branch_in: [main]}"),
        ("env_equals: {variable: A, value: x}", "env_equals: {variable: B, value: y}"),
        ("env_equals: {variable: A, value: x}", "not: {env_equals: {variable: A, value: y}}"),
        ("in_git_repo: false", "not: {git_branch_in: [main]}"),
        ("in_git_repo: true", "git_branch_in: [main]"),
        ("command_contains: --force", "not: {command_contains: --force-with-lease}"),
        ("command_matches: ^git", "command_matches: push"),
        ("command_matches: (^git a|b)", "command_matches: (^git c|d)"),
        ("path_matches: ^/a", "path_matches: b"),
        ("file_exists: x", "not: {file_exists: y}"),
    ],
)
def test_two_that_go_together(lint: Lint, first: str, second: str) -> None:
    found = lint.conditions(first, second)
    assert [one for one in found if one[0] != "SS325"] == []  # `^git` alone says nothing


def test_three_that_exclude_each_other(lint: Lint) -> None:
    patterns = ("^git (a|b)$", "^git (b|c)$", "^git (a|c)$")
    assert lint.conditions(*[f"command_matches: {one}" for one in patterns]) == [("SS330", 1)]


def test_a_context_that_a_condition_excludes(lint: Lint) -> None:
    conditions = "  conditions: [{env_equals: {variable: SAFESHELL_CONTEXT, value: ai}}]\n"
    assert lint.codes(HEAD + rule("a", more="  context: human_only\n" + conditions)) == [("SS329", 9)]
    assert lint.codes(HEAD + rule("a", more="  context: ai_only\n" + conditions)) == []


TRASH = rule("to-trash", action="redirect", commands="[rm]", more="  redirect_to: trash -v $ARGS\n")


@pytest.mark.parametrize(
    ("denial", "expected"),
    [
        (rule("a", commands="[trash]"), ["SS332"]),
        (rule("a", commands="['tr*']", more=matching("^trash -v")), ["SS332"]),
        (rule("a", commands="[trash]", more=matching("-rf")), []),  # it depends on the arguments
        (rule("a", commands="[trash]", more="  conditions: [{git_branch_in: [main]}]\n"), []),  # and on other facts
        (rule("a", commands="[trash]", more="  context: ai_only\n"), []),
        (rule("a", commands="[trash]", action="require_approval"), []),
        (rule("a", commands="[trash]", more="  observe: true\n"), []),
        (rule("a", commands="[rm]", more=matching("^trash")), ["SS327"]),
    ],
)
def test_a_redirect_to_what_is_denied(lint: Lint, denial: str, expected: list[str]) -> None:
    found = lint(HEAD + TRASH + denial).findings
    assert [one.code for one in found] == expected
    assert all((one.line, one.column) == (8, 16) for one in found if one.code == "SS332")


def test_a_redirect_under_the_fact_that_denies_its_target(lint: Lint) -> None:
    context = "  context: ai_only\n"
    denial = rule("a", commands="[trash]", more=context)
    assert [found.code for found in lint(HEAD + TRASH + context + denial).findings] == ["SS332"]


PUSH = matching("push")
FORCE = matching("^git push.*--force")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rule("a", more=PUSH) + rule("b", more=PUSH), [("SS333", 9)]),
        (rule("a", more=PUSH) + rule("b", commands="[rm]", more=PUSH), []),
        (rule("a", more=PUSH) + rule("b", more=PUSH + "  context: ai_only\n"), [("SS334", 9)]),
        (rule("a", more=PUSH) + rule("b", more=FORCE), [("SS334", 9)]),
        (rule("a", more=FORCE) + rule("b", more=PUSH), []),
        # The more restrictive decides, wherever it stands.
        (rule("a", more=FORCE, action="require_approval") + rule("b", more=PUSH), [("SS334", 3)]),
        (rule("a", more=PUSH, action="require_approval") + rule("b", more=FORCE), []),
        (
            rule("a", more=PUSH, action="require_approval") + rule("b", more=FORCE, action="require_approval"),
            [("SS334", 9)],
        ),
        # What is let through in the end runs under the shortest timeout.
        (
            rule("a", more=PUSH, action="require_approval")
            + rule("b", more=FORCE + "  timeout: 3s\n", action="require_approval"),
            [],
        ),
        (rule("a", more=PUSH) + rule("b", more=FORCE + "  timeout: 3s\n"), [("SS334", 9)]),
        # One that asks from outside is enough.
        (
            rule("a", more=PUSH, action="require_approval")
            + rule("b", more=FORCE + "  approval: outside\n", action="require_approval"),
            [],
        ),
        (
            rule("a", more=PUSH + "  approval: outside\n", action="require_approval")
            + rule("b", more=FORCE, action="require_approval"),
            [("SS334", 10)],
        ),
        (rule("a", more=PUSH + "  observe: true\n") + rule("b", more=FORCE), []),
        (rule("a", more=PUSH) + rule("b", more=FORCE + "  observe: true\n"), []),
        # An exception that is none.
        (rule("a", more=PUSH) + rule("b", more=FORCE, action="allow"), [("SS334", 9)]),
        (rule("a", more=PUSH, action="allow") + rule("b", more=PUSH, action="allow"), []),
        (rule("a", commands="['g*']", more=PUSH) + rule("b", more=FORCE), [("SS334", 9)]),
        (rule("a", more=PUSH) + rule("b", commands="['g*']", more=FORCE), []),
        (rule("a", more=PUSH) + rule("b", commands="[git, rm]", more=matching("push")), []),
        (rule("a", commands="[rm, git]", more=PUSH) + rule("b", more=FORCE), [("SS334", 9)]),
        (rule("a", more=matching(r"push\b")) + rule("b", more=matching("push(x|y)")), []),
        (rule("a", more=matching("(?i)PUSH")) + rule("b", more=matching("pusher")), [("SS334", 9)]),
    ],
)
def test_rules_that_never_decide(lint: Lint, text: str, expected: list[tuple[str, int]]) -> None:
    assert lint.codes(HEAD + text) == expected


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ("git_branch_in: [a, b]", "git_branch_in: [a]", True),
        ("git_branch_in: [a]", "git_branch_in: [a, b]", False),
        ("git_branch_matches: ^rel", "git_branch_in: [rel/1, rel/2]", True),
        ("git_branch_matches: ^rel", "git_branch_in: [rel/1, main]", False),
        ("path_matches: ^/w", "path_matches: ^/work/x", True),
        ("path_matches: ^/work/x", "path_matches: ^/w", False),
        ("not: {env_equals: {variable: A, value: x}}", "env_equals: {variable: A, value: y}", True),
        ("not: {command_contains: --dry-run}", "command_contains: --force", False),
        # A bare repository has a branch and no work tree.
        ("in_git_repo: true", "git_branch_in: [a]", False),
        ("any: [{file_exists: x}, {file_exists: y}]", "file_exists: x", True),
        ("file_exists: x", "any: [{file_exists: x}, {file_exists: y}]", False),
    ],
)
def test_what_covers_what(lint: Lint, wide: str, narrow: str, covered: bool) -> None:
    first = rule("a", more=f"  conditions: [{{command_contains: push}}, {{{wide}}}]\n")
    second = rule("b", more=f"  conditions: [{{command_contains: push}}, {{{narrow}}}]\n")
    assert [found.code for found in lint(HEAD + first + second).findings] == ["SS334"] * covered


def test_a_rule_beside_a_pack_may_be_stricter(tmp_path: Path) -> None:
    (tmp_path / "git.yaml").write_text(HEAD + rule("a", more=FORCE, action="require_approval"))
    path = tmp_path / "rules.yaml"

    def codes(own: str) -> list[str]:
        path.write_text("version: 1\ninclude: ['pack:git']\nrules:\n" + own)
        return [found.code for found in compile_rules(str(path), packs=str(tmp_path), lint=True).findings]

    assert codes(rule("b", more=PUSH)) == []
    assert codes(rule("b", more=FORCE, action="require_approval")) == ["SS333"]


def test_an_exception_that_lifts_nothing(lint: Lint, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(HEAD + rule("a"))
    text = "version: 1\ninclude: [one.yaml]\noverrides:\n- name: a\n  unless: [{command_matches: ^rm}]\n"
    assert lint.codes(text) == [("SS327", 5)]
    assert lint.codes(text.replace("^rm", "^git status")) == []


def test_questions_that_cost_too_much_are_left_open(lint: Lint) -> None:
    wide = "(.*a.{14}|.*b.{15}|.*c.{16})"
    assert lint.codes(HEAD + rule("a", more=matching(wide + "x")) + rule("b", more=matching(wide + "y"))) == []


def test_groups_within_groups(lint: Lint) -> None:
    assert lint.codes(HEAD + rule("a", more=matching("(" * 900 + "x" + ")" * 900))) == []
