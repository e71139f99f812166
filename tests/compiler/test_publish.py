"""Compiling a home or a repository, and putting it in force."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import MARKER, write
from safeshell_compiler import compile_rules
from safeshell_compiler import publish as module
from safeshell_compiler.publish import compile_home, compile_machine, compile_repository, for_daemon, publish

from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.policy.store.memory import SealedSections, create
from safeshell.policy.store.reading import read_current
from safeshell.policy.store.records import signature, watched
from safeshell.policy.table import Table, table_digest

DENY_LS = "version: 1\nrules:\n  - {name: no-ls, commands: [ls], action: deny, message: No.}\n"


def test_a_home_is_its_rules_and_its_settings(home: Home) -> None:
    write(home.config, "execution: in_place\n")
    compiled = compile_home(home)
    assert compiled.rules == home.rules
    assert compiled.settings == Settings(execution="in_place")
    assert compiled.errors == ()
    assert {home.rules, home.config} <= compiled.watch.keys()
    assert all(signature(path) == state for path, state in compiled.watch.items())


@pytest.mark.needs("root")
def test_the_machines_rules_are_a_layer_of_their_own(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    system = str(tmp_path / "rules.d")
    monkeypatch.setattr(module, "SYSTEM_RULES", system)
    assert compile_machine() is None
    write(f"{system}/a.yaml", DENY_LS, mode=0o644)
    compiled = compile_machine()
    assert compiled is not None
    assert set(compiled.watch) == {str(tmp_path), system, f"{system}/a.yaml"}
    publish(home, compiled)
    found, settings = read_current(home.tables, [system, home.rules])
    assert found[system][0].root == system
    assert Table(found[system][1], system).meta["kind"] == "system"
    assert (home.rules in found, Settings.from_json(settings)) == (True, Settings(markers=(MARKER,)))
    os.unlink(f"{system}/a.yaml")
    os.rmdir(system)
    publish(home)
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
    current, sections = found[home.rules]
    assert (current, {name: bytes(data) for name, data in sections.items()}) == compiled.current()
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


def for_daemon_run(home: Home, kind: str, rules: str) -> SealedSections:
    memory = create()
    done = subprocess.run(
        [sys.executable, "-I", "-m", "safeshell_compiler", kind, home.root, rules],
        env={"PATH": os.defpath},
        stdout=memory,
        stderr=subprocess.PIPE,
        check=True,
    )
    assert done.stderr == b""
    return SealedSections(memory)


def test_the_daemons_compiler_hands_over_what_it_published(home: Home) -> None:
    sections = for_daemon_run(home, "user", home.rules)
    header = sections.header
    (current, table) = read_current(home.tables, [home.rules])[0][home.rules]
    assert (header["digest"], header["root"]) == (current.digest, home.root)
    assert sections == table
    assert watched(header["watch"]) == current.watch
    assert (header["error"], header["notice"]) == ("", "")
    assert Settings.from_json(header["settings"]) == Settings(markers=(MARKER,))


def test_broken_rules_are_handed_over_as_an_error_and_nothing_is_published(home: Home) -> None:
    before = hashlib.sha256(Path(home.tables).read_bytes()).digest()
    last_good = read_current(home.tables, [home.rules])[0][home.rules][0].digest
    write(home.rules, "version: 1\nrules:\n  - {}\n  - {name: A}\n")
    sections = for_daemon_run(home, "user", home.rules)
    header = sections.header
    assert (header["digest"], header["last_good"]) == (last_good, True)
    assert table_digest(sections) == last_good
    assert str(header["error"]).startswith(f"{home.rules}:3:")
    assert str(header["error"]).endswith(" more)")
    assert header["notice"] == f"safeshell: {header['error']}; the last good rules stay in force"
    assert hashlib.sha256(Path(home.tables).read_bytes()).digest() == before


def test_a_broken_repository_that_never_compiled_is_handed_over_as_no_rules(home: Home, tmp_path: Path) -> None:
    rules = str(tmp_path / "rules.yaml")
    write(rules, "rules: [")
    sections = for_daemon_run(home, "repository", rules)
    header = sections.header
    assert (header["digest"], sections) == ("", {})
    assert str(header["notice"]).endswith("; this repository's rules are skipped")


def test_what_cannot_be_kept_is_in_force_all_the_same(home: Home) -> None:
    os.unlink(f"{home.tables}-lock")
    os.mkdir(f"{home.tables}-lock")
    header, sections = for_daemon(home, compile_home(home))
    assert header["digest"] == table_digest(sections)
    assert header["error"].startswith(f"can't write {home.tables}: ")
    assert header["notice"].endswith("the rules are in force until the daemon ends")
