"""A machine's rules: published by root, in force for everybody, whatever a user's own file looks like."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator

import pytest
from harness import MARKER, daemon_log, sync_shims, temporary_directory, write
from machine import Machine, a_machine

from safeshell.client import control
from safeshell.home.paths import SYSTEM_RULES, SYSTEM_TABLES, Home
from safeshell.protocol import Type

USERS = """\
version: 1
rules:
  - {name: known, commands: [cat, ls, sort, uniq], action: allow, message: Seen.}
"""
BROKEN = "version: 1\nrules: [{name: x, actoin: deny}]\n"


def deny(*names: str) -> str:
    return "version: 1\nrules:\n" + "".join(
        f"  - {{name: no-{name}, commands: [{name}], action: deny, message: Not here.}}\n" for name in names
    )


pytestmark = pytest.mark.rules(USERS)


@pytest.fixture(scope="module")
def namespace() -> Iterator[Machine]:
    with temporary_directory() as root, a_machine(root) as made:
        yield made


@pytest.fixture
def machine(namespace: Machine) -> Machine:
    """A machine without rules."""
    for path in (SYSTEM_RULES, os.path.dirname(SYSTEM_TABLES)):
        shutil.rmtree(namespace.path(path), ignore_errors=True)
    return namespace


def layer(home: Home) -> dict[str, object]:
    """What the running daemon says of the machine's rules."""
    layers = control(Type.STATUS, home=home)["layers"]
    return next((each for each in layers if each["kind"] == "system"), {})


def test_s12_what_is_published_holds_for_a_running_daemon_whatever_the_users_file(machine: Machine, home: Home) -> None:
    sync_shims(home)
    with machine.daemon(home):
        assert machine.run(home, "sort").returncode == 0
        assert layer(home) == {}
        write(home.rules, BROKEN)
        assert machine.run(home, "sort").returncode == 0
        machine.write("a.yaml", deny("sort"))
        done = machine.safeshell(home, "compile", "--system")
        assert (done.returncode, done.stderr.splitlines()[-1]) == (0, f"published in {SYSTEM_TABLES}")
        assert os.stat(machine.path(SYSTEM_TABLES)).st_mode & 0o777 == 0o644
        assert os.stat(os.path.dirname(machine.path(SYSTEM_TABLES))).st_mode & 0o777 == 0o755
        done = machine.run(home, "sort")
        assert (done.returncode, done.stderr) == (
            126,
            f"safeshell: denied by rule no-sort ({SYSTEM_RULES}/a.yaml:3): Not here.\n",
        )
        assert layer(home)["published"] is True
        assert "published by root" in machine.safeshell(home, "daemon", "status").stdout
    with machine.daemon(home):  # the user's own is broken still
        assert machine.run(home, "sort").returncode == 126
        assert machine.run(home, "ls").returncode == 0
    os.unlink(home.tables)
    with machine.daemon(home):  # never compiled: nothing runs, the machine's rules or not
        assert machine.run(home, "sort").returncode == 125
        write(home.rules, USERS)
        assert machine.run(home, "sort").returncode == 126
        assert machine.run(home, "ls").returncode == 0
    assert not daemon_log(home)


def test_s12_newer_sources_are_compiled_for_the_time_being_and_said(machine: Machine, home: Home) -> None:
    sync_shims(home)
    machine.write("a.yaml", deny("sort"))
    assert machine.safeshell(home, "compile", "--system").returncode == 0
    with machine.daemon(home):
        assert machine.run(home, "sort").returncode == 126
        machine.write("b.yaml", deny("uniq"))
        done = machine.run(home, "uniq")
        assert done.returncode == 126
        said, denied = done.stderr.splitlines()
        assert said.startswith(f"safeshell: {SYSTEM_RULES} is newer than what was published: ")
        assert said.endswith("run `safeshell compile --system` as root")
        assert f"{SYSTEM_RULES}/b.yaml:3" in denied
        assert machine.run(home, "uniq").stderr == f"{denied}\n"
        assert (layer(home)["published"], layer(home)["notice"]) == (False, said)
        assert said.removeprefix("safeshell: ") in machine.safeshell(home, "daemon", "status").stdout
        assert said in daemon_log(home)
        check = machine.safeshell(home, "check", "--", "uniq")
        assert (check.returncode, "is newer than what was published" in check.stderr) == (3, True)
        machine.write("b.yaml", BROKEN)  # the last good ones stay, as they were compiled here
        assert machine.run(home, "uniq").returncode == 126
        done = machine.safeshell(home, "compile", "--system", "--format", "json")
        errors = [each for each in json.loads(done.stdout) if each["severity"] == "error"]
        assert (done.returncode, errors[0]["file"]) == (1, f"{SYSTEM_RULES}/b.yaml")
        machine.write("b.yaml", deny("uniq"))
        assert machine.safeshell(home, "compile", "--system").returncode == 0
        done = machine.run(home, "uniq")
        assert (done.returncode, done.stderr) == (126, f"{denied}\n")
        assert layer(home)["published"] is True
        assert machine.safeshell(home, "check", "--", "uniq").stderr == ""


def test_s12_what_others_could_have_published_is_refused_with_a_line(machine: Machine, home: Home) -> None:
    sync_shims(home)
    machine.write("a.yaml", deny("sort"))
    assert machine.safeshell(home, "compile", "--system").returncode == 0
    with machine.daemon(home):
        assert machine.run(home, "sort").returncode == 126
        for path, mode in ((SYSTEM_TABLES, 0o646), (os.path.dirname(SYSTEM_TABLES), 0o775)):
            before = os.stat(machine.path(path)).st_mode
            os.chmod(machine.path(path), mode)
            done = machine.run(home, "sort")
            assert done.returncode == 126
            assert f"{path} is writable by others" in done.stderr
            os.chmod(machine.path(path), before)
            assert machine.run(home, "sort").stderr.count("\n") == 1
        os.truncate(machine.path(SYSTEM_TABLES), 5000)  # as only root can
        probes = {
            probe["name"]: probe for probe in json.loads(machine.safeshell(home, "doctor", "--json").stdout)["probes"]
        }
        assert probes["machine's rules"]["ok"] is False
        assert "is cut short" in probes["machine's rules"]["found"]
        done = machine.run(home, "sort")
        assert (done.returncode, "is cut short" in done.stderr) == (126, True)


def test_s12_taking_the_sources_away_takes_nothing_out_of_force(machine: Machine, home: Home) -> None:
    sync_shims(home)
    machine.write("a.yaml", deny("sort"))
    assert machine.safeshell(home, "compile", "--system").returncode == 0
    with machine.daemon(home):
        assert machine.run(home, "sort").returncode == 126
        shutil.rmtree(machine.path(SYSTEM_RULES))
        done = machine.run(home, "sort")
        assert (done.returncode, f"{SYSTEM_RULES} is gone" in done.stderr) == (126, True)
        done = machine.safeshell(home, "compile", "--system", more={MARKER: "1"})
        assert (done.returncode, "takes a person" in done.stderr) == (77, True)
        assert machine.run(home, "sort").returncode == 126
        done = machine.safeshell(home, "compile", "--system")
        assert (done.returncode, os.path.exists(machine.path(SYSTEM_TABLES))) == (0, False)
        assert machine.run(home, "sort").returncode == 0
        done = machine.safeshell(home, "compile", "--system")
        assert (done.returncode, f"{SYSTEM_RULES} does not exist" in done.stderr) == (1, True)
