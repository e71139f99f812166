"""`safeshell shims`."""

from __future__ import annotations

import json
import os
import re
import shutil

import pytest
from harness import PATH, RULES, Cli, write

from safeshell.command.programs.wrappers import TAKEN_OFF
from safeshell.home.paths import Home
from safeshell.install.shims import list_shims

DISPATCHED = {"cat", "echo", "env", "git", "ls", "rm", "sh", "sleep", "touch"}
SHIMMED = sorted(DISPATCHED | {name for name in TAKEN_OFF if shutil.which(name, path=PATH)})


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", PATH)


def test_sync_prints_what_changed(cli: Cli, home: Home) -> None:
    done = cli("shims", "sync")
    assert (done.status, done.out) == (0, "".join(f"+ {name}\n" for name in SHIMMED))
    assert done.err == f"{len(SHIMMED)} commands shimmed in {home.shims}\n"
    assert cli("shims", "sync").out == ""
    write(home.rules, RULES.replace("[rm]", "[mv]"))
    done = cli("compile")
    assert (done.status, done.err) == (0, "mv now has a shim\nrm has none any more\n")
    assert cli("shims", "sync").out == ""
    os.unlink(os.path.join(home.shims, "mv"))
    os.chmod(os.path.join(home.shims, "ls"), 0o755)
    assert cli("shims", "sync").out == "+ mv\nmended ls\n"


def test_list_names_the_programs_behind(cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("shims", "list")[:2] == (0, "")
    cli("shims", "sync")
    monkeypatch.setenv("PATH", f"{home.shims}:/usr/bin:/bin")
    found = json.loads(cli_json(cli, home))
    assert [entry["command"] for entry in found] == SHIMMED
    assert all(entry["program"] == f"/usr/bin/{entry['command']}" for entry in found)
    done = cli("shims", "list")
    assert (done.status, done.err) == (0, "")
    assert ["cat", "/usr/bin/cat"] in [line.split() for line in done.out.splitlines()]


def cli_json(cli: Cli, home: Home) -> str:
    status, out, err = cli("shims", "list", "--json")
    assert (status, err) == (0, ""), home
    return out


def test_remove_takes_some_or_all(cli: Cli, home: Home) -> None:
    cli("shims", "sync")
    assert cli("shims", "remove", "rm", "ls") == (0, "- rm\n- ls\n", "")
    assert "rm" not in list_shims(home)
    status, out, err = cli("shims", "remove", "rm")
    assert (status, out) == (1, "")
    assert err == "safeshell: rm is not shimmed\n  hint: see `safeshell shims list`\n"
    assert cli("shims", "remove").status == 0
    assert list_shims(home) == []
    assert os.path.isdir(home.shims)


def test_the_bash_client_can_be_asked_for(cli: Cli, home: Home) -> None:
    assert cli("shims", "sync", "--client", "bash").status == 0
    with open(os.path.join(home.shims, "ls"), "rb") as stream:
        assert stream.read(11) == b"#!/bin/bash"
    assert cli("shims", "sync").status == 0
    with open(os.path.join(home.shims, "ls"), "rb") as stream:
        assert stream.read(4) in (b"\x7fELF", b"#!/b")


def test_without_tables_it_says_what_to_do(cli: Cli, home: Home) -> None:
    os.unlink(home.tables)
    status, out, err = cli("shims", "sync")
    assert (status, out) == (1, "")
    assert err.endswith("hint: run `safeshell compile`\n")


def test_u4_what_has_no_shim_is_said(cli: Cli, home: Home) -> None:
    cli("shims", "sync")
    cli("shims", "remove", "rm", "ls")
    lacking = (
        "safeshell: the rules are about commands without a shim, which they don't see: ls, rm\n"
        "  hint: run `safeshell shims sync`\n"
    )
    assert cli("shims", "list").err == lacking
    write(home.rules, RULES + "# the same\n")
    assert cli("compile").err == lacking  # what a person removed stays so
    assert cli("shims", "sync").out == "+ ls\n+ rm\n"
    assert cli("shims", "list").err == ""


@pytest.mark.config("shims: {sync: manual}\n")
def test_u4_by_hand_compile_says_what_to_run(cli: Cli, home: Home) -> None:
    cli("shims", "sync")
    write(home.rules, RULES.replace("[rm]", "[mv]"))
    done = cli("compile")
    assert done.err.endswith("which they don't see: mv\n  hint: run `safeshell shims sync`\n")
    assert not os.path.exists(os.path.join(home.shims, "mv"))
    assert cli("shims", "sync").out == "+ mv\n- rm\n"


def test_u4_only_people_who_have_shims_hear_of_them_from_compile(cli: Cli, home: Home) -> None:
    write(home.rules, RULES.replace("[rm]", "[mv]"))
    assert cli("compile").err == ""
    assert not os.path.exists(home.shims)


def test_u4_many_are_named_and_counted(cli: Cli, home: Home) -> None:
    write(home.rules, RULES.replace("[rm]", "['[a-z]*']"))
    assert cli("compile").status == 0
    (line, hint) = cli("shims", "list").err.splitlines()
    assert re.search(r": (\S+, ){7}\S+ and \d+ more$", line)
    assert hint.endswith("`safeshell shims sync`")
