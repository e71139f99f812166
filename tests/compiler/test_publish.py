"""Compiling a home or a repository, and putting it in force."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import write
from safeshell_compiler import compile_rules
from safeshell_compiler import publish as module
from safeshell_compiler.publish import compile_home, compile_repository, for_daemon, publish

from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.policy.store.bundle import decode_bundle
from safeshell.policy.store.reading import read_current
from safeshell.policy.store.records import signature, watched
from safeshell.policy.table import SECTIONS, Table

DENY_LS = "version: 1\nrules:\n  - {name: no-ls, commands: [ls], action: deny, message: No.}\n"


def test_a_home_is_its_rules_and_its_settings(home: Home) -> None:
    write(home.config, "execution: in_place\n")
    compiled = compile_home(home)
    assert [path for path, _ in compiled.layers] == [home.rules]
    assert compiled.settings == Settings(execution="in_place")
    assert compiled.errors == ()
    assert {home.rules, home.config} <= compiled.watch.keys()
    assert all(signature(path) == state for path, state in compiled.watch.items())


@pytest.mark.needs("root")
def test_the_machines_rules_come_first_and_are_watched_for(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    system = str(tmp_path / "rules.d")
    monkeypatch.setattr(module, "SYSTEM_RULES", system)
    assert compile_home(home).watch[system] is None
    write(f"{system}/a.yaml", DENY_LS, mode=0o644)
    compiled = compile_home(home)
    assert [path for path, _ in compiled.layers] == [system, home.rules]
    publish(home, compiled)
    found = read_current(home.tables, [system, home.rules])[0]
    assert found[system][0].root == system
    assert Table(found[system][1], system).meta["kind"] == "system"
    assert {system, f"{system}/a.yaml"} <= found[home.rules][0].watch.keys()
    os.unlink(f"{system}/a.yaml")
    os.rmdir(system)
    publish(home, compile_home(home))
    assert list(read_current(home.tables, [system, home.rules])[0]) == [home.rules]


def test_the_findings_of_all_are_one_list_by_place(home: Home) -> None:
    write(home.config, "executoin: x\n")
    write(home.rules, "version: 1\nrules: [{}]\n")
    files = [finding.file for finding in compile_home(home).errors]
    assert files == sorted(files)
    assert set(files) == {home.config, home.rules}


def test_what_changes_while_it_is_compiled_is_not_taken_for_compiled(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = compile_rules

    def edited(path: str, *arguments: object, **options: object) -> object:
        compilation = real(path, *arguments, **options)  # type: ignore[arg-type] # passed on as they come
        write(path, DENY_LS)
        return compilation

    monkeypatch.setattr(module, "compile_rules", edited)
    compiled = compile_home(home)
    assert compiled.watch[home.rules] != signature(home.rules)


def test_publishing_writes_the_table_the_settings_and_the_clients_file(home: Home) -> None:
    write(home.config, "unreachable: {ai: allow}\n")
    write(home.rules, DENY_LS)
    compiled = compile_home(home)
    publish(home, compiled)
    found, settings = read_current(home.tables, [home.rules])
    assert found == compiled.current()
    assert Settings.from_json(settings) == compiled.settings
    assert "unreachable_ai=allow\n" in Path(home.client_conf).read_text()


def test_publishing_a_repository_leaves_the_settings(home: Home, tmp_path: Path) -> None:
    write(home.config, "execution: daemon\n")
    publish(home, compile_home(home))
    rules = str(tmp_path / ".safeshell/rules.yaml")
    write(rules, DENY_LS)
    os.chmod(os.path.dirname(rules), 0o700)
    publish(home, compile_repository(rules))
    found, settings = read_current(home.tables, [home.rules, rules])
    assert set(found) == {home.rules, rules}
    assert settings["execution"] == "daemon"


def for_daemon_run(home: Home, kind: str, rules: str) -> tuple[dict[str, object], dict[str, bytes]]:
    done = subprocess.run(
        [sys.executable, "-I", "-m", "safeshell_compiler", kind, home.root, rules],
        env={"PATH": os.defpath},
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    return decode_bundle(done.stdout)


def test_the_daemons_compiler_hands_over_what_it_published(home: Home) -> None:
    header, sections = for_daemon_run(home, "user", home.rules)
    (current, table) = read_current(home.tables, [home.rules])[0][home.rules]
    assert header["tables"] == [{"digest": current.digest, "root": home.root}]
    assert sections == {f"{current.digest}/{name}": table[name] for name in SECTIONS}
    assert watched(header["watch"]) == current.watch  # type: ignore[arg-type] # as JSON has it
    assert (header["error"], header["notice"]) == ("", "")
    assert Settings.from_json(header["settings"]) == Settings()  # type: ignore[arg-type] # as above


def test_broken_rules_are_handed_over_as_an_error_and_nothing_is_published(home: Home) -> None:
    before = hashlib.sha256(Path(home.tables).read_bytes()).digest()
    write(home.rules, "version: 1\nrules:\n  - {}\n  - {name: A}\n")
    header, sections = for_daemon_run(home, "user", home.rules)
    assert (header["tables"], sections) == (None, {})
    assert str(header["error"]).startswith(f"{home.rules}:3:")
    assert str(header["error"]).endswith(" more)")
    assert header["notice"] == f"safeshell: {header['error']}; the last good rules stay in force"
    assert hashlib.sha256(Path(home.tables).read_bytes()).digest() == before


def test_a_broken_repository_is_handed_over_as_no_rules(home: Home, tmp_path: Path) -> None:
    rules = str(tmp_path / "rules.yaml")
    write(rules, "rules: [")
    header, sections = for_daemon_run(home, "repository", rules)
    assert (header["tables"], sections) == ([], {})
    assert str(header["notice"]).endswith("; this repository's rules are skipped")


def test_what_cannot_be_kept_is_in_force_all_the_same(home: Home) -> None:
    os.unlink(f"{home.tables}-lock")
    os.mkdir(f"{home.tables}-lock")
    header, sections = decode_bundle(for_daemon(home, compile_home(home), repository=False))
    assert len(header["tables"]) == 1
    assert sections
    assert header["error"].startswith(f"can't write {home.tables}: ")
    assert header["notice"].endswith("the rules are in force until the daemon ends")
