"""What is well formed and still wrong: patterns, commands, timeouts, redirects, tests, names."""

from __future__ import annotations

import json

import pytest
from rulecases import Compile
from safeshell_compiler.stages import flatten

from safeshell.policy.table import Records

HEAD = "version: 1\nrules:\n"


def rule(text: str, action: str = "deny") -> str:
    return HEAD + f"- name: a\n  action: {action}\n  message: m\n  tests: {{match: [x]}}\n{text}"


@pytest.mark.parametrize(
    ("condition", "line", "column", "hint"),
    [
        (r"  - command_matches: '^git (?!push)'", 8, 28, "not:"),
        (r"  - command_matches: a(?=b)", 8, 23, "look-around"),
        (r"  - command_matches: (?<!a)b", 8, 22, "not:"),
        (r"  - command_matches: '\(?! (?<=a)b'", 8, 28, "look-around"),
        (r"  - command_matches: '[(?!] it''s (?!a)'", 8, 35, "not:"),
        (r'  - command_matches: "\\s(?!a)"', 8, 26, "not:"),
        (r"  - command_matches: '(a)\1'", 8, 26, "back-references"),
        ("  - command_matches: |\n      (?i)x\n      (?!y)", 10, 7, "not:"),
        (r"  - git_branch_matches: 'a(b'", 8, 26, ""),
        (r"  - path_matches: '[z-a]'", 8, 21, ""),
        (r"  - command_matches: 'a++'", 8, 24, "backtracks"),
        (r"  - command_matches: 'a\Z'", 8, 24, r"\z"),
    ],
)
def test_a_pattern_that_re2_does_not_take_points_at_the_construct(
    compile_text: Compile, condition: str, line: int, column: int, hint: str
) -> None:
    found = compile_text(rule(f"  conditions:\n{condition}\n")).findings
    assert [(f.code, f.line, f.column) for f in found] == [("SS306", line, column)]
    assert hint in found[0].hint


def test_a_directory_is_a_pattern_too(compile_text: Compile) -> None:
    found = compile_text(rule("  directory: '/a(?!b)'\n")).findings
    assert [(f.code, f.line, f.column) for f in found] == [("SS306", 7, 17)]


def test_a_pattern_whose_automaton_is_too_large(compile_text: Compile) -> None:
    found = compile_text(rule("  conditions: [{command_matches: '(\\pL{90}){11}'}]\n")).findings
    assert [(f.code, f.line, f.column) for f in found] == [("SS406", 7, 34)]


@pytest.mark.parametrize(
    ("name", "problem"), [("/bin/rm", "slash"), ("git push", "space"), ("'a\\*'", "backslash"), ("' '", "")]
)
def test_commands_are_basenames(compile_text: Compile, name: str, problem: str) -> None:
    compilation = compile_text(rule(f"  commands: [{name}]\n"))
    (finding,) = compilation.findings
    assert finding.code in ("SS311", "SS214")
    assert problem in finding.message


@pytest.mark.parametrize(
    ("text", "milliseconds"), [("30s", 30_000), ("1.5s", 1500), ("250ms", 250), ("2m", 120_000), ("1h", 3_600_000)]
)
def test_timeouts(compile_text: Compile, text: str, milliseconds: int) -> None:
    table = compile_text(rule(f"  timeout: {text}\n")).table
    assert table is not None
    assert Records(table["rules"])[0]["timeout_ms"] == milliseconds


@pytest.mark.parametrize("text", ["30", "s", "30 s", "-1s", "0s", "0.1ms", "1d", "9999h", "1e3s", "٣s", "''"])
def test_malformed_timeouts(compile_text: Compile, text: str) -> None:
    compilation = compile_text(rule(f"  timeout: '{text.strip(chr(39))}'\n"))
    assert [(f.code, f.line, f.column) for f in compilation.findings] == [("SS310", 7, 12)]


def test_redirect_to_is_split_as_a_shell_would(compile_text: Compile) -> None:
    table = compile_text(rule("  redirect_to: trash 'a b' $ARGS \"$ARGS\"\n", "redirect")).table
    assert table is not None
    assert Records(table["rules"])[0]["redirect_to"] == ["trash", "a b", "$ARGS", "$ARGS"]


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("trash x$ARGS", "part of the word"),
        ('trash "$ARGS $ARGS"', "part of the word"),
        ("trash ${ARGS}", "part of the word"),
        ("$ARGS", "no program"),
        ("trash 'a", "no closing quotation"),
    ],
)
def test_malformed_redirects(compile_text: Compile, target: str, problem: str) -> None:
    (finding,) = compile_text(rule(f"  redirect_to: {target}\n", "redirect")).findings
    assert (finding.code, finding.line, finding.column) == ("SS309", 7, 16)
    assert problem in finding.message


def test_redirect_and_its_target_belong_together(compile_text: Compile) -> None:
    assert [f.code for f in compile_text(rule("", "redirect")).findings] == ["SS307"]
    assert [f.code for f in compile_text(rule("  redirect_to: trash\n")).findings] == ["SS308"]


@pytest.mark.parametrize(
    "test", ['"a \'b"', '{command: "\'"}', "\"''\"", "{command: x, env: {A=B: c}}", "'# only a \"comment'"]
)
def test_malformed_tests(compile_text: Compile, test: str) -> None:
    text = HEAD + f"- {{name: a, action: deny, message: m, tests: {{match: [x], no_match: [{test}]}}}}\n"
    assert [(f.code, f.line, f.column) for f in compile_text(text).findings] == [("SS312", 3, 70)]


def test_a_restriction_without_tests_is_a_warning(compile_text: Compile) -> None:
    compilation = compile_text(HEAD + "- {name: a, action: deny, message: m}\n- {name: b, action: allow, message: m}\n")
    assert [(f.code, f.severity, f.rule) for f in compilation.findings] == [("SS313", "warning", "a")]
    assert compilation.table is not None


def test_a_rule_that_contradicts_itself_is_a_warning(compile_text: Compile) -> None:
    conditions = "  conditions: [{command_contains: a}, {not: {command_contains: a}}]\n"
    compilation = compile_text(rule(conditions))
    assert [f.code for f in compilation.findings] == ["SS314"]
    assert compilation.table is not None
    assert len(Records(compilation.table["rows"])) == 0
    assert json.loads(compilation.table["dispatch"])["any"] is None


def test_rule_names_are_unique_in_a_file(compile_text: Compile) -> None:
    one = "- {name: a, action: allow, message: m}\n"
    (finding,) = compile_text(HEAD + one + one).findings
    assert (finding.code, finding.line, finding.column) == ("SS301", 4, 10)
    assert "line 3" in finding.message


def test_an_explosion_names_the_condition(compile_text: Compile) -> None:
    several = "  - any: [{command_contains: a%d}, {command_contains: b%d}]\n"
    inner = "".join("      " + several.strip() % (n, n) + "\n" for n in range(13))
    text = rule("  conditions:\n  - command_contains: z\n  - all:\n" + inner)
    (finding,) = compile_text(text).findings
    assert (finding.code, finding.line, finding.column) == ("SS404", 9, 5)
    assert "`all`" in finding.message


def test_an_explosion_costs_nothing(compile_text: Compile) -> None:
    # 100 ** 100 rows: only counting can say so.
    wide = "{any: [" + ", ".join(f"{{command_contains: c{n}}}" for n in range(100)) + "]}"
    text = rule("  conditions: [" + ", ".join([wide] * 100) + "]\n")
    assert [f.code for f in compile_text(text).findings] == ["SS404"]


def test_all_rules_together_have_a_limit(compile_text: Compile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flatten, "ROWS", 3 << 8)  # the real one takes seconds to get to
    anys = ", ".join(f"{{any: [{{command_contains: a{n}}}, {{file_exists: b{n}}}]}}" for n in range(8))
    text = HEAD + f"- {{name: r0, action: allow, message: m, conditions: &c [{anys}]}}\n"
    text += "".join(f"- {{name: r{n}, action: allow, message: m, conditions: *c}}\n" for n in range(1, 5))
    (finding,) = compile_text(text).findings
    assert (finding.code, finding.line) == ("SS405", 6)
