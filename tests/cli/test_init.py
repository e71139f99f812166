"""`safeshell init`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from harness import RULES, Cli, write

from safeshell.home.paths import Home
from safeshell.install.shims import list_shims


@pytest.fixture
def fresh(home: Home, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Home:
    """A home that is not there yet."""
    assert cli is not None  # it names the home that exists; this one comes after it
    made = Home(os.path.join(home.root, "new"))
    monkeypatch.setenv("SAFESHELL_HOME", made.root)
    return made


def test_it_sets_everything_up(cli: Cli, fresh: Home) -> None:
    done = cli("init")
    assert (done.status, done.out) == (0, f'export PATH="{fresh.shims}:$PATH"\n')
    assert done.err.startswith(f"wrote {fresh.rules}\n")
    assert os.stat(fresh.root).st_mode & 0o777 == 0o700
    assert {"rm", "git", "chmod"} <= set(list_shims(fresh))
    assert os.path.exists(fresh.client_conf)
    assert cli("check", "--", "rm", "-rf", "/").status == 3
    assert cli("check", "--", "rm", "-rf", "build").status == 0


@pytest.mark.usefixtures("fresh")
def test_the_starter_has_no_findings(cli: Cli) -> None:
    assert cli("init").status == 0
    assert cli("compile", "--strict", "--format", "json").status == 0


def test_it_never_overwrites(cli: Cli, home: Home) -> None:
    os.makedirs(home.shims)
    mine = Path(home.shims, "my-notes")
    mine.write_text("mine")
    write(home.config, "execution: in_place\n")
    done = cli("init")
    assert done.status == 0
    assert done.err.startswith(f"kept {home.rules}\n")
    assert Path(home.rules).read_text() == RULES
    assert Path(home.config).read_text() == "execution: in_place\n"
    assert mine.read_text() == "mine"
    assert "rm" in list_shims(home)


def test_a_second_time_changes_nothing(cli: Cli, fresh: Home) -> None:
    first = cli("init")
    rules = Path(fresh.rules).read_bytes()
    names = list_shims(fresh)
    second = cli("init")
    assert (second.status, second.out) == (0, first.out)
    assert Path(fresh.rules).read_bytes() == rules
    assert list_shims(fresh) == names


def test_rules_that_do_not_compile_are_shown_and_left(cli: Cli, home: Home) -> None:
    write(home.rules, "version: 1\nrules: [{}]\n")
    status, out, err = cli("init")
    assert (status, out) == (1, "")
    assert "rules.yaml:2:" in err
    assert err.endswith("hint: mend it and run `safeshell init` again\n")
    assert Path(home.rules).read_text() == "version: 1\nrules: [{}]\n"


def test_a_dangling_link_is_not_followed(cli: Cli, fresh: Home, tmp_path: Path) -> None:
    fresh.create()
    os.symlink(tmp_path / "elsewhere", fresh.rules)
    assert cli("init").status == 1
    assert not (tmp_path / "elsewhere").exists()


def test_it_writes_the_start_up_files_and_says_which(
    cli: Cli, fresh: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", "/bin/sh")
    done = cli("init", "--shell")
    assert (done.status, done.out) == (0, f"wrote to {tmp_path}/.bashrc\nwrote to {tmp_path}/.profile\n")
    assert cli("activate", "bash").out in (tmp_path / ".bashrc").read_text(encoding="utf-8")
    assert fresh.shims in (tmp_path / ".profile").read_text(encoding="utf-8")
    (tmp_path / ".bashrc").unlink()
    (tmp_path / ".bashrc").symlink_to("/dev/null")
    done = cli("init", "--shell")
    assert done.status == 1
    assert f"can't write {tmp_path}/.bashrc: no regular file" in done.err
