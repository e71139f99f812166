"""`safeshell test`: which rules it runs, and how it reports."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from harness import PATH, SAFESHELL, environment, safeshell, write

from safeshell.home.paths import Home

HEAD = "version: 1\nrules:\n"
RULES = """\
version: 1
rules:
  - name: no-force-push
    commands: [git]
    conditions:
      - command_matches: '^git push\\b.*\\s--force'
      - git_branch_in: [main]
    action: deny
    message: No.
    tests:
      match:
        - {command: git push --force, branch: main}
        - git push --force
      no_match:
        - git push
        - {command: git push --force origin, branch: main}
  - name: no-rm
    commands: [rm]
    action: deny
    message: No.
"""


def rule(tests: str, more: str = "") -> str:
    return f"{HEAD}  - {{name: a, action: deny, message: m, {more}tests: {tests}}}\n"


pytestmark = pytest.mark.rules(RULES)


def test_failures_show_the_facts_and_the_conditions(home: Home) -> None:
    done = safeshell(home, "test")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("rules.yaml .F.F")
    assert lines[0].endswith("[100%]")
    assert len(lines[0]) == 80
    first, second = done.stdout.split("_ no-force-push ")[1:]
    assert "rules.yaml:13: it does not match, and should" in first
    assert "stated   cwd /, no repository, context human" in first
    assert "facts    no branch" in first
    assert "no   git_branch_in: [main]                    no branch" in first
    assert r"yes  command_matches: ^git push\b.*\s--force  command line" in first
    assert "rules.yaml:16: it matches, and should not" in second
    assert "decides  deny  no-force-push" in second
    assert "yes  git_branch_in: [main]                    branch 'main'" in second
    assert " 2 failed, 2 passed, 1 rule without a test in " in lines[-1]
    assert "\x1b" not in done.stdout
    assert "SS313" in done.stderr


def test_verbose_prints_a_line_a_test(home: Home) -> None:
    lines = safeshell(home, "test", "-v").stdout.splitlines()
    assert lines[:2] == [
        "rules.yaml:12  no-force-push match[1]  git push --force  PASSED [ 25%]",
        "rules.yaml:13  no-force-push match[2]  git push --force  FAILED [ 50%]",
    ]


def test_rules_without_tests_pass_and_are_named(home: Home) -> None:
    path = os.path.join(home.root, "none.yaml")
    write(path, HEAD + "  - {name: bare, action: deny, message: m}\n")
    done = safeshell(home, "test", path)
    assert done.returncode == 0
    assert "no tests ran, 1 rule without a test" in done.stdout
    report = json.loads(safeshell(home, "test", "--json", path).stdout)
    assert (report["untested"], report["passed"], report["failed"]) == (["bare"], 0, 0)


def test_json_explains_what_failed(home: Home) -> None:
    done = safeshell(home, "test", "--json")
    assert done.returncode == 1
    report: dict[str, Any] = json.loads(done.stdout)
    assert (report["passed"], report["failed"], report["untested"]) == (2, 2, ["no-rm"])
    assert "SS313" in [finding["code"] for finding in report["findings"]]
    passed, failed = report["tests"][:2]
    assert {"rule", "name", "command", "file", "line", "expects", "passed", "duration_us"} == passed.keys()
    assert (failed["rule"], failed["name"], failed["expects"]) == ("no-force-push", "match[2]", "match")
    assert (failed["file"], failed["line"]) == (home.rules, 13)
    assert failed["explain"]["facts"] == ["no branch"]
    (row,) = failed["explain"]["candidates"]
    assert row["outcome"] == "lost"
    assert row["conditions"][-1] == {"condition": "git_branch_in: [main]", "fact": "no branch", "holds": "no"}


def test_junit_counts_and_tells_why(home: Home) -> None:
    done = safeshell(home, "test", "--junit", "report.xml")
    assert done.returncode == 1
    root = ET.parse(os.path.join(home.root, "report.xml")).getroot()
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "4", "2", "0")
    (suite,) = root
    assert suite.get("name") == "rules.yaml"
    cases = list(suite)
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == 4
    assert [case.get("line") for case in cases] == ["12", "13", "15", "16"]
    assert all(float(case.get("time", "-1")) >= 0 for case in cases)
    failure = cases[1].find("failure")
    assert failure is not None
    assert failure.get("message") == "it does not match, and should"
    assert "git_branch_in: [main]" in (failure.text or "")


def test_junit_holds_no_character_that_xml_forbids(home: Home) -> None:
    path = os.path.join(home.root, "odd.yaml")
    write(path, rule('{match: ["x \\e[31m \\b"], no_match: ["\\uFFFE <&> ]]>"]}'))
    assert safeshell(home, "test", "--junit", "r.xml", path).returncode == 1
    suite = ET.parse(os.path.join(home.root, "r.xml")).getroot()[0]
    assert [case.get("name") for case in suite] == [r"match[1] x \x1b[31m \x08", r"no_match[1] \ufffe <&> ]]>"]


def test_rules_that_do_not_compile_give_their_findings(home: Home) -> None:
    path = os.path.join(home.root, "broken.yaml")
    write(path, rule("{match: [x]}", "comands: [x], "))
    done = safeshell(home, "test", "--junit", "r.xml", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "SS201" in done.stderr
    root = ET.parse(os.path.join(home.root, "r.xml")).getroot()
    assert (root.get("tests"), root.get("errors")) == ("1", "1")
    report = json.loads(safeshell(home, "test", "--json", path).stdout)
    assert (report["tests"], report["findings"][0]["code"]) == ([], "SS201")


def test_a_report_that_cannot_be_written_is_said_to(home: Home) -> None:
    done = safeshell(home, "test", "--junit", "/nonexistent/r.xml")
    assert done.returncode == 1
    assert "can't write /nonexistent/r.xml: No such file or directory" in done.stderr


def test_without_rules_a_repository_s_are_tested_too(home: Home, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    write(str(tmp_path / ".git" / "HEAD"), "ref: refs/heads/main\n")
    write(str(tmp_path / ".safeshell" / "rules.yaml"), rule("{match: [x]}"))
    (tmp_path / ".safeshell").chmod(0o700)
    report = json.loads(safeshell(home, "test", "--json", cwd=str(tmp_path)).stdout)
    assert [test["rule"] for test in report["tests"]] == ["no-force-push"] * 4 + ["a"]


def test_what_is_given_is_held_to_what_it_will_be_held_to_in_force(home: Home, tmp_path: Path) -> None:
    path = str(tmp_path / ".safeshell" / "rules.yaml")
    write(path, HEAD + "  - {name: a, action: allow, message: m, tests: {match: [x]}}\n")
    (tmp_path / ".safeshell").chmod(0o700)
    done = safeshell(home, "test", path)
    assert done.returncode == 1
    assert "SS316" in done.stderr


def test_without_a_home_it_says_what_to_do(home: Home, tmp_path: Path) -> None:
    done = safeshell(home, "test", env={"SAFESHELL_HOME": str(tmp_path / "none")})
    assert done.returncode == 1
    assert "safeshell init" in done.stderr


def test_nothing_is_published(home: Home) -> None:
    before = Path(home.tables).read_bytes()
    write(home.rules, rule("{match: [x]}"))
    assert safeshell(home, "test").returncode == 0
    assert Path(home.tables).read_bytes() == before


def test_colour_only_on_a_terminal(home: Home) -> None:
    for more, coloured in (({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False)):
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [SAFESHELL, "test"],
            env={**environment(home), "PATH": PATH, **more},
            cwd=home.root,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
        ) as process:
            os.close(theirs)
            shown = _read_all(ours)
        os.close(ours)
        assert process.returncode == 1
        assert (b"\x1b[31mF" in shown) is coloured


def _read_all(terminal: int) -> bytes:
    shown = b""
    while True:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # EIO: the last writer is gone
            return shown
