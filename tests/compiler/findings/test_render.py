"""Findings for people, programs, and CI."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from rulecases import Compile
from safeshell_compiler import CODES, Code, Finding
from safeshell_compiler.findings import render

TEXT = "version: 1\nrules:\n- {name: é漢, action: deny, message: m}\n"


def finding(**changes: object) -> Finding:
    values = {
        "code": "SS201", "severity": "error", "message": "unknown: 50%, a\x1b[31m\nb", "file": "/w/a,b.yaml", "line": 2,
        "column": 3, "rule": "r", "hint": "do, this",
    }  # fmt: skip
    return Finding(**{**values, **changes})  # type: ignore[arg-type]


def test_human_draws_a_caret_under_the_place(compile_text: Compile, tmp_path: Path) -> None:
    found = compile_text(TEXT.replace("action: deny", "action: dney")).findings
    assert render.human(found, directory=str(tmp_path)) == (
        "rules.yaml:3:10: error SS207: 'é漢' can't be a name\n"
        "    3 | - {name: é漢, action: dney, message: m}\n"
        "      |          ^\n"
        "      hint: use a-z, 0-9 and -\n"
        "rules.yaml:3:22: error SS205: 'dney' is none of allow, deny, require_approval, redirect\n"
        "    3 | - {name: é漢, action: dney, message: m}\n"
        "      |                       ^\n"
        "      hint: did you mean 'deny'?\n"
    )


def test_human_colours_only_when_asked(compile_text: Compile) -> None:
    found = compile_text(TEXT).findings
    assert "\x1b" not in render.human(found)
    assert "\x1b[31merror\x1b[0m" in render.human(found, colour=True)


def test_human_shows_a_piece_of_a_long_line(compile_text: Compile) -> None:
    found = compile_text("version: 1\nrules: [" + " " * 5000 + "wrong" + " " * 5000 + "]\n").findings
    source, caret = render.human(found).splitlines()[1:3]
    assert len(source) < 140
    assert source[caret.index("^") :].startswith("wrong")


def test_nothing_drives_the_terminal(compile_text: Compile) -> None:
    found = compile_text('version: 1\n"a\\e[31m\\nb": x\n# \x9b31m\n').findings
    shown = render.human([*found, finding()])
    assert all(char.isprintable() or char == "\n" for char in shown)


def test_a_file_that_is_gone_is_still_told(tmp_path: Path) -> None:
    assert render.human([finding(file=str(tmp_path / "gone"))], directory="/").count("\n") == 2


def test_json_has_the_contracts_keys() -> None:
    (shown,) = json.loads(render.as_json([finding()]))
    assert list(shown) == ["code", "severity", "message", "file", "line", "column", "rule", "hint"]
    assert json.loads(render.as_json([])) == []


def test_github_annotations_are_escaped() -> None:
    shown = render.github([finding(), finding(severity="warning", hint="")], directory="/w")
    first, second = shown.splitlines()
    assert first == ("::error file=a%2Cb.yaml,line=2,col=3,title=SS201::unknown: 50%25, a\\x1b[31m\\nb (do, this)")
    assert second.startswith("::warning file=")


def test_sarif_names_rules_and_places() -> None:
    log = json.loads(render.sarif([finding(), finding(code="SS313", file="/elsewhere/é")], directory="/w"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["SS201", "SS313"]
    first, second = run["results"]
    assert first["ruleId"] == run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"]
    place = first["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "a%2Cb.yaml"}, "region": {"startLine": 2, "startColumn": 3}}
    assert second["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///elsewhere/%C3%A9"


def sarif_validator() -> jsonschema.Draft4Validator:
    schema = json.loads((Path(__file__).parents[1] / "sarif" / "sarif-schema-2.1.0.json").read_bytes())
    validator = jsonschema.validators.validator_for(schema)
    return validator(schema, format_checker=validator.FORMAT_CHECKER)


def test_sarif_is_what_its_schema_wants() -> None:
    every = [
        finding(code=row.code, severity=row.severity, message=row.message, hint=row.hint, rule=rule, file=file)
        for row in CODES.values()
        for rule in ("", "r")
        for file in ("/w/a b.yaml", "/elsewhere/é\udcff.yaml")
    ]
    validator = sarif_validator()
    for findings in ([], every, [finding()]):
        log = json.loads(render.sarif(findings, directory="/w"))
        assert not list(validator.iter_errors(log))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert [list(error.path)[-1] for error in validator.iter_errors(log)] == ["level"]


@pytest.mark.parametrize("row", CODES.values(), ids=CODES)
def test_every_code_can_be_documented(row: Code) -> None:
    assert row.summary[0].isupper()
    assert not row.summary.endswith(".")
    assert row.severity in ("error", "warning")


def test_codes_are_in_order_and_grouped() -> None:
    assert list(CODES) == sorted(CODES)
    assert {code[:3] for code in CODES} == {"SS1", "SS2", "SS3", "SS4"}
