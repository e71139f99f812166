"""`compile --system`: who may, and what is left where it fails; what it puts in force: `e2e/test_machine_rules.py`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from harness import Cli, write
from safeshell_compiler import publish

from safeshell.cli import compile as module
from safeshell.cli.probes import configuration
from safeshell.errors import TableError
from safeshell.home import machine
from safeshell.home.machine import PublishedReading, as_seen
from safeshell.home.paths import Home

DENY = "version: 1\nrules:\n  - {name: no-sort, commands: [sort], action: deny, message: No., tests: {match: [sort]}}\n"


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the machine's rules are for this process; what is published of them is beside it."""
    path = str(tmp_path / "etc/rules.d")
    for each in (publish, module, configuration):
        monkeypatch.setattr(each, "SYSTEM_RULES", path)
        monkeypatch.setattr(each, "SYSTEM_TABLES", tables(path))
    monkeypatch.setattr(machine, "SYSTEM_TABLES", tables(path))
    (tmp_path / "lib").mkdir(mode=0o755)
    return path


def test_only_root_publishes(cli: Cli, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(f"{rules}/a.yaml", DENY, 0o644)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    done = cli("compile", "--system")
    assert done.status == 1
    assert "only root puts the machine's rules in force" in done.err
    assert "--check" in done.err
    assert not os.path.exists(tables(rules))


def test_it_takes_no_rules(cli: Cli, rules: str) -> None:
    assert cli("compile", "--system", rules).status == 2
    assert cli("compile", "--system", "-o", "x").status == 2


def tables(rules: str) -> str:
    """What is published of them."""
    return os.path.join(os.path.dirname(os.path.dirname(rules)), "lib/system.lmdb")


@pytest.mark.needs("root")
@pytest.mark.parametrize("what", ["file", "directory", "the directory above"])
def test_sources_that_others_may_write_are_refused(cli: Cli, rules: str, what: str) -> None:
    write(f"{rules}/a.yaml", DENY, 0o644)
    path = {"file": f"{rules}/a.yaml", "directory": rules}.get(what, os.path.dirname(rules))
    os.chmod(path, 0o777)
    done = cli("compile", "--system")
    assert (done.status, f"{path}" in done.err, "SS106" in done.err) == (1, True, True)
    assert not os.path.exists(tables(rules))


@pytest.mark.needs("root")
def test_sources_of_another_user_are_refused(cli: Cli, rules: str) -> None:
    write(f"{rules}/a.yaml", DENY, 0o644)
    os.chown(f"{rules}/a.yaml", 12345, -1)
    done = cli("compile", "--system")
    assert (done.status, "SS105" in done.err) == (1, True)


@pytest.mark.needs("root")
def test_what_fails_leaves_what_was_published(cli: Cli, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(f"{rules}/a.yaml", DENY, 0o644)
    assert cli("compile", "--system").status == 0
    before = Path(tables(rules)).read_bytes()
    write(f"{rules}/a.yaml", DENY.replace("sort", "uniq"), 0o644)
    with monkeypatch.context() as patch:

        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(os, "fsync", full)
        done = cli("compile", "--system")
    assert (done.status, "No space left on device" in done.err) == (1, True)
    assert os.listdir(os.path.dirname(tables(rules))) == ["system.lmdb"]
    assert Path(tables(rules)).read_bytes() == before
    assert cli("compile", "--system", "--check").status == 0
    assert Path(tables(rules)).read_bytes() == before
    os.chmod(os.path.dirname(tables(rules)), 0o777)
    done = cli("compile", "--system")
    assert (done.status, "is writable by others" in done.err) == (1, True)


@pytest.mark.needs("root")
def test_the_user_need_not_see_the_sources(cli: Cli, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(f"{rules}/a.yaml", DENY, 0o644)
    assert cli("compile", "--system").status == 0
    published = PublishedReading(rules).result()
    assert published is not None
    assert as_seen(published) == published
    real = os.stat

    def hidden(path: str, **options: bool) -> os.stat_result:
        if str(path).startswith(rules):
            raise PermissionError(13, "Permission denied")
        return real(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", hidden)
        seen = as_seen(published)
    assert seen is not None
    assert seen.current.watch[f"{rules}/a.yaml"] is None
    write(f"{rules}/a.yaml", DENY.replace("sort", "uniq"), 0o644)
    assert as_seen(published) is None


@pytest.mark.needs("root")
def test_what_is_published_of_another_user_is_refused(cli: Cli, rules: str) -> None:
    write(f"{rules}/a.yaml", DENY, 0o644)
    assert cli("compile", "--system").status == 0
    os.chown(tables(rules), 12345, -1)
    with pytest.raises(TableError, match="belongs to uid 12345, not to root"):
        PublishedReading(rules).result()


@pytest.mark.needs("root")
def test_doctor_says_whose_rules_they_are(cli: Cli, home: Home, rules: str) -> None:
    assert configuration.probe_machine(home) is None
    write(f"{rules}/a.yaml", DENY, 0o644)
    for word, hint in (("not published", True), (", as ", False)):
        found = configuration.probe_machine(home)
        assert found is not None
        assert (found.ok, word in found.found, "--system" in found.hint) == (True, True, hint)
        assert cli("compile", "--system").status == 0
    write(f"{rules}/b.yaml", DENY.replace("sort", "uniq"), 0o644)
    found = configuration.probe_machine(home)
    assert found is not None
    assert (found.ok, "newer" in found.found) == (True, True)
    os.chmod(tables(rules), 0o666)
    found = configuration.probe_machine(home)
    assert found is not None
    assert (found.ok, found.hint) == (False, f"chmod go-w {tables(rules)}")
