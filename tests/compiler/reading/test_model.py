"""What a rules file may say: every shape error with its code, its place, and a suggestion where one fits."""

from __future__ import annotations

import pytest
from rulecases import Compile
from safeshell_compiler import Compilation

HEAD = "version: 1\nrules:\n"
RULE = HEAD + "- name: a\n  action: deny\n  message: m\n  tests: {match: [x]}\n"


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("rules: []\n", ("SS203", 1, 1), "version"),
        ("version: 2\n", ("SS213", 1, 10), "2"),
        ("version: '1'\n", ("SS213", 1, 10), "1"),
        ("version: 1\nrulez: []\n", ("SS201", 2, 1), "did you mean 'rules'?"),
        ("version: 1\nrules:\n", ("SS209", 2, 7), "nothing"),
        ("version: 1\ninclude: team.yaml\n", ("SS209", 2, 10), "write [team.yaml]"),
        (HEAD + "- name: a\n  action: deny\n", ("SS203", 3, 3), "message"),
        (HEAD + "- text\n", ("SS210", 3, 3), "'text'"),
        (RULE + "  mesage: x\n", ("SS201", 7, 3), "did you mean 'message'?"),
        (RULE + "  command_matches: x\n", ("SS201", 7, 3), "conditions stand under `conditions:`"),
        (RULE + "  comand_match: x\n", ("SS201", 7, 3), "conditions stand under `conditions:`"),
        (RULE + "  comands: [x]\n", ("SS201", 7, 3), "did you mean 'commands'?"),
        (HEAD + "- {name: A b, action: deny, message: m}\n", ("SS207", 3, 10), "a-z, 0-9 and -"),
        (HEAD + "- {name: a, action: dney, message: m}\n", ("SS205", 3, 21), "did you mean 'deny'?"),
        (HEAD + "- {name: a, action: deny, message: ''}\n", ("SS214", 3, 36), "empty"),
        (HEAD + "- {name: a, action: deny, message: 1}\n", ("SS204", 3, 36), "quote it: '1'"),
        (RULE + "  commands: [yes]\n", ("SS204", 7, 14), "quote it: 'yes'"),
        (RULE + "  commands: [1.5]\n", ("SS204", 7, 14), "quote it: '1.5'"),
        (RULE + "  commands: [2024-01-01]\n", ("SS204", 7, 14), "quote it: '2024-01-01'"),
        (RULE + "  commands: [null]\n", ("SS204", 7, 14), "quote it: 'null'"),
        (RULE + "  commands:\n", ("SS209", 7, 12), "nothing"),
        (RULE + "  commands: []\n", ("SS206", 7, 13), "every command"),
        (RULE + "  observe: 'yes'\n", ("SS208", 7, 12), "'yes'"),
        (RULE + "  timeout: 30\n", ("SS204", 7, 12), "30s"),
        (RULE + "  conditions: [{comand_matches: x}]\n", ("SS202", 7, 17), "did you mean 'command_matches'?"),
        (RULE + "  conditions: [{options: [-f]}]\n", ("SS202", 7, 17), "did you mean 'option'?"),
        (
            RULE + "  conditions: [{command_matches: x, path_matches: y}]\n",
            ("SS211", 7, 37),
            "command_matches and path",
        ),
        (RULE + "  conditions: [{}]\n", ("SS212", 7, 16), "no condition"),
        (RULE + "  conditions: [{any: []}]\n", ("SS206", 7, 22), "empty"),
        (RULE + "  conditions: [{all: []}]\n", ("SS206", 7, 22), "empty"),
        (RULE + "  conditions: []\n", ("SS206", 7, 15), "empty"),
        (RULE + "  conditions: [{git_branch_in: []}]\n", ("SS206", 7, 32), "empty"),
        (RULE + "  conditions: [{not: [{command_matches: x}]}]\n", ("SS210", 7, 22), "a list"),
        (RULE + "  conditions: {command_matches: x}\n", ("SS209", 7, 15), "a mapping"),
        (RULE + "  conditions: [{in_git_repo: 1}]\n", ("SS208", 7, 30), "number 1"),
        (RULE + "  conditions: [{env_equals: {variable: A=B, value: x}}]\n", ("SS207", 7, 40), "without ="),
        (RULE + "  conditions: [{env_equals: {variable: A, valeu: x}}]\n", ("SS201", 7, 43), "did you mean 'value'?"),
        (RULE + "  conditions: [{any: [{not: {path_match: x}}]}]\n", ("SS202", 7, 30), "'path_matches'?"),
        (HEAD + "- {name: a, action: deny, message: m, tests: {match: [1]}}\n", ("SS210", 3, 55), "quote it: '1'"),
        (
            HEAD + "- {name: a, action: deny, message: m, tests: {mach: []}}\n",
            ("SS201", 3, 47),
            "did you mean 'match'?",
        ),
        (
            HEAD + "- {name: a, action: deny, message: m, tests: {match: [{command: x, cwd: y}]}}\n",
            ("SS215", 3, 73),
            "/",
        ),
        ("version: 1\noverrides: [{name: a, timeout: 3s}]\n", ("SS201", 2, 23), "'timeout'"),
    ],
)
def test_shape(compile_text: Compile, text: str, place: tuple[str, int, int], word: str) -> None:
    compilation = compile_text(text)
    found = {(found.code, found.line, found.column): found for found in compilation.findings}
    assert place in found
    finding = found[place]
    assert word in finding.message + finding.hint
    assert compilation.table is None


def test_every_error_is_told_in_one_run_in_order(compile_text: Compile) -> None:
    text = (
        "version: 1\ninclude: [gone.yaml]\nrules:\n"
        "- {name: a, action: nope, message: m, conditions: [{command_matches: '('}]}\n"
        "- {name: b, action: allow, message: m, conditions: [{path_matches: '['}], timeout: 3x}\n"
        "- {name: b, action: redirect, message: m}\n"
        "overrides: [{name: gone, disabled: true}]\n"
    )
    expected = [
        ("SS120", 2), ("SS205", 4), ("SS306", 4), ("SS306", 5), ("SS310", 5), ("SS301", 6), ("SS313", 6), ("SS307", 6)
    ]  # fmt: skip
    assert [(found.code, found.line) for found in compile_text(text).findings] == expected


def test_a_finding_names_its_rule(compile_text: Compile) -> None:
    compilation: Compilation = compile_text(RULE + "  conditions: [{command_matches: 'a(?=b)'}]\n")
    assert [found.rule for found in compilation.findings] == ["a"]


def test_all_sixty_four_levels_of_conditions_and_no_more(compile_text: Compile) -> None:
    def nested(levels: int) -> str:
        text = "{command_contains: x}"
        for _ in range(levels - 1):
            text = "{any: [" + text + "]}"
        return RULE + f"  conditions: [{text}]\n"

    assert compile_text(nested(64)).table is not None
    assert [found.code for found in compile_text(nested(65)).findings] == ["SS408"]
