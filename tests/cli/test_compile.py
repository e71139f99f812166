"""`safeshell compile`: what it prints where, and what it writes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from harness import RULES, Cli, write

from safeshell.home.paths import Home
from safeshell.policy.store.reading import read_current, read_file
from safeshell.policy.table import table_digest

BROKEN = "version: 1\nrules:\n  - {name: x, actoin: deny, message: m}\n"
FINDING_KEYS = {"code", "severity", "message", "file", "line", "column", "rule", "hint"}


def state(home: Home) -> dict[str, bytes]:
    return {name: Path(home.root, name).read_bytes() for name in sorted(os.listdir(home.root))}


def digest(home: Home) -> str:
    return read_current(home.tables, [home.rules])[0][home.rules][0].digest


def test_it_puts_the_rules_in_force_and_prints_their_digest(cli: Cli, home: Home) -> None:
    before = digest(home)
    write(home.rules, RULES.replace("precious", "dear"))
    done = cli("compile")
    assert (done.status, done.err) == (0, "")
    assert done.out == f"{digest(home)}  {home.rules}\n"
    assert digest(home) != before
    write(home.rules, RULES)
    assert cli("compile").out == f"{before}  {home.rules}\n"


def test_errors_are_1_said_on_stderr_and_change_nothing(cli: Cli, home: Home) -> None:
    write(home.rules, BROKEN)
    before = state(home)
    status, out, err = cli("compile")
    assert (status, out) == (1, "")
    assert "rules.yaml:3:" in err
    assert "action" in err
    assert state(home) == before


def test_broken_settings_are_an_error(cli: Cli, home: Home) -> None:
    write(home.config, "executoin: auto\n")
    status, out, err = cli("compile")
    assert (status, out) == (1, "")
    assert "config.yaml:1:1" in err
    assert "execution" in err


def test_check_writes_nothing(cli: Cli, home: Home) -> None:
    write(home.rules, RULES.replace("precious", "dear"))
    before = state(home)
    done = cli("compile", "--check")
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith(f"  {home.rules}\n")
    assert state(home) == before


def test_given_rules_are_only_checked(cli: Cli, home: Home, tmp_path: Path) -> None:
    rules = tmp_path / "other.yaml"
    write(str(rules), RULES)
    before = state(home)
    done = cli("compile", str(rules))
    assert (done.status, done.err) == (0, "")
    assert done.out.split()[1:] == [str(rules)]
    assert state(home) == before
    write(str(rules), BROKEN)
    assert cli("compile", str(rules)).status == 1


def test_given_rules_that_are_not_there_are_an_error(cli: Cli) -> None:
    status, out, err = cli("compile", "/no/such.yaml")
    assert (status, out) == (1, "")
    assert "/no/such.yaml" in err


def test_a_table_is_written_whole_or_not_at_all(cli: Cli, home: Home, tmp_path: Path) -> None:
    rules, table = tmp_path / "other.yaml", tmp_path / "out"
    write(str(rules), RULES)
    done = cli("compile", str(rules), "-o", str(table))
    assert done.status == 0
    assert table_digest(read_file(str(table))) == done.out.split()[0]
    before = table.read_bytes()
    write(str(rules), BROKEN)
    assert cli("compile", str(rules), "-o", str(table)).status == 1
    assert table.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["other.yaml", "out"]
    assert cli("compile", "--check", "-o", str(tmp_path / "none")).status == 0
    assert not (tmp_path / "none").exists()
    assert cli("compile", "-o", str(tmp_path / "mine")).out.split()[0] == digest(home)
    assert table_digest(read_file(str(tmp_path / "mine"))) == digest(home)


def test_a_table_that_cannot_be_written_is_said(cli: Cli, home: Home, tmp_path: Path) -> None:
    status, _out, err = cli("compile", home.rules, "-o", str(tmp_path / "no/where"))
    assert status == 1
    assert err.startswith("safeshell: can't ")


def test_the_same_sources_give_the_same_dump(cli: Cli) -> None:
    first, second = cli("compile", "--dump"), cli("compile", "--dump", "--check")
    assert (first.status, first.err) == (0, "")
    assert first.out == second.out
    assert "no-rm-of-precious" in first.out


def test_json_is_an_array_of_findings_on_stdout(cli: Cli, home: Home) -> None:
    assert cli("compile", "--format", "json") == (0, "[]\n", "")
    write(home.rules, BROKEN)
    status, out, err = cli("compile", "--format", "json")
    assert (status, err) == (1, "")
    found = json.loads(out)
    assert all(set(finding) == FINDING_KEYS for finding in found)
    assert {(finding["file"], finding["line"]) for finding in found} == {(home.rules, 3)}
    assert {finding["severity"] for finding in found} == {"error"}
    assert all(finding["code"].startswith("SS") for finding in found)


def test_github_annotates(cli: Cli, home: Home) -> None:
    assert cli("compile", "--format", "github") == (0, "", "")
    write(home.rules, BROKEN)
    status, out, err = cli("compile", "--format", "github")
    assert (status, err) == (1, "")
    assert all(line.startswith("::error file=rules.yaml,line=3,col=") for line in out.splitlines())


def test_sarif_is_one_log(cli: Cli, home: Home) -> None:
    assert json.loads(cli("compile", "--format", "sarif").out)["runs"][0]["results"] == []
    write(home.rules, BROKEN)
    status, out, err = cli("compile", "--format", "sarif")
    assert (status, err) == (1, "")
    log = json.loads(out)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["tool"]["driver"]["name"] == "safeshell"
    assert {result["level"] for result in run["results"]} == {"error"}


WARNED = "version: 1\nrules:\n  - {name: x, commands: [ls], action: allow, message: m, directory: /a/**/b}\n"


def test_warnings_are_errors_only_where_strict(cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from safeshell_compiler import publish
    from safeshell_compiler.findings.report import Finding

    warning = Finding("SS299", "warning", "hm", home.rules, 1, 1)
    real = publish.compile_home

    def warned(place: Home, **options: object) -> publish.Compiled:
        return replace(real(place, **options), findings=(warning,))  # type: ignore[arg-type] # passed on as they come

    monkeypatch.setattr(publish, "compile_home", warned)
    write(home.rules, RULES.replace("precious", "dear"))
    before = digest(home)
    status, out, err = cli("compile", "--strict")
    assert (status, out, "hm" in err) == (1, "", True)
    assert digest(home) == before
    status, out, err = cli("compile")
    assert (status, "hm" in err) == (0, True)
    assert out.startswith(digest(home))
    assert digest(home) != before


def test_inside_a_repository_its_rules_are_compiled_too(
    cli: Cli, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = str(tmp_path / ".safeshell/rules.yaml")
    write(rules, "version: 1\nrules:\n  - {name: no-ls, commands: [ls], action: deny, message: No.}\n")
    os.chmod(os.path.dirname(rules), 0o700)
    monkeypatch.chdir(tmp_path)
    done = cli("compile")
    assert [line.split()[1] for line in done.out.splitlines()] == [home.rules, rules]
    assert set(read_current(home.tables, [home.rules, rules])[0]) == {home.rules, rules}


def test_a_home_that_others_may_write_is_refused(cli: Cli, home: Home) -> None:
    os.chmod(home.root, 0o777)
    assert cli("compile") == (
        1,
        "",
        f"safeshell: {home.root} is writable by others\n  hint: chmod go-w {home.root}\n",
    )


def test_a_client_conf_that_cannot_be_written_is_said(cli: Cli, home: Home) -> None:
    os.unlink(home.client_conf)
    os.mkdir(home.client_conf)
    status, _out, err = cli("compile")
    assert status == 1
    assert err.startswith(f"safeshell: can't write {home.client_conf}: ")
