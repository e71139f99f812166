"""A rule's target runs in the place of the command: each client, each placement, and `rm` to the trash."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import PATH, Daemon, make_home, run, running_daemon, safeshell, sync_shims, temporary_directory

from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - name: rm-to-trash
    commands: [rm]
    context: ai_only
    action: redirect
    redirect_to: safeshell-trash $ARGS
    message: Moved to the trash instead.
  - {name: show, commands: [ls], action: redirect, redirect_to: "printf '<%s>' $ARGS", message: Shown instead.}
  - {name: brief, commands: [tac], action: redirect, redirect_to: sleep 60, timeout: 200ms, message: Brief.}
"""
AGENT = {"SAFESHELL_CONTEXT": "ai"}
CONFIGS = [
    "execution: auto\n",
    "execution: in_place\n",
    "shims: {client: bash}\n",
    "execution: in_place\nshims: {client: bash}\n",
]


@pytest.fixture(scope="module", params=CONFIGS, ids=["auto", "in_place", "bash", "bash-in_place"])
def world(request: pytest.FixtureRequest) -> Iterator[Home]:
    """A home with each, its daemon running; tests leave its trash as empty as it was."""
    with temporary_directory() as root:
        home = make_home(f"{root}/h", RULES, request.param)
        sync_shims(home)
        with running_daemon(home):
            yield home


def test_arguments_stay_as_they_were(world: Home) -> None:
    words = ["a b", "", "-x", "$HOME", "back\\slash", "new\nline\n", "caf\u00e9", "*"]
    done = run(world, "ls", *words)
    assert done.returncode == 0
    assert done.stdout.decode() == "".join(f"<{word}>" for word in words)
    assert done.stderr.startswith(b"safeshell: redirected by rule show (")


def test_a_timeout_is_the_targets(world: Home) -> None:
    assert run(world, "tac").returncode == 124


def test_an_agents_rm_can_be_taken_back(world: Home, tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "out").write_text("made\n")
    done = run(world, "rm", "-rf", "build", env=AGENT, cwd=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"Moved to the trash instead." in done.stderr
    assert not (tmp_path / "build").exists()
    listed = json.loads(safeshell(world, "trash", "list", "--json").stdout)
    assert [entry["path"] for entry in listed] == [str(tmp_path / "build")]
    (tmp_path / "build").mkdir()  # as a build would
    (tmp_path / "build").rmdir()
    assert safeshell(world, "trash", "restore", str(tmp_path / "build")).returncode == 0
    assert (tmp_path / "build" / "out").read_text() == "made\n"


def test_what_rm_refuses_is_refused_as_rm_does(world: Home, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    done = run(world, "rm", "d", "missing", env=AGENT, cwd=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == [
        b"rm: cannot remove 'd': Is a directory",
        b"rm: cannot remove 'missing': No such file or directory",
    ]
    assert (tmp_path / "d").exists()


def test_a_persons_rm_deletes(world: Home, tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    done = run(world, "rm", "x", cwd=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, b"")
    assert not (tmp_path / "x").exists()
    assert json.loads(safeshell(world, "trash", "list", "--json").stdout) == []


@pytest.mark.rules(RULES)
def test_the_trash_is_the_homes_where_no_variable_names_it(daemon: Daemon, shims: Home, tmp_path: Path) -> None:
    """A shim knows its home by where it stands."""
    (tmp_path / "x").touch()
    env = {"PATH": f"{shims.shims}:{PATH}", **AGENT}
    done = subprocess.run(["rm", "x"], env=env, cwd=tmp_path, capture_output=True, check=False, start_new_session=True)
    assert done.returncode == 0, done.stderr
    listed = json.loads(safeshell(shims, "trash", "list", "--json").stdout)
    assert [entry["path"] for entry in listed] == [str(tmp_path / "x")]
    assert daemon.status()["requests"]["redirect"] == 1
