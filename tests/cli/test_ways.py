"""Ways in that `doctor` tries: what leads to the guard, what doesn't, what covers it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import MARKER, PATH, Cli, Daemon, environment, make_home, processes_of, running_daemon, sync_shims, write
from needs import need

from safeshell.cli.probes.ways import agents, model, table, tmux
from safeshell.cli.probes.ways.lines import line_ways
from safeshell.cli.probes.ways.model import Here, Way
from safeshell.cli.probes.ways.shells import shell_ways
from safeshell.home.paths import Home
from safeshell.install.activation import write_blocks
from safeshell.install.native import native_hook
from safeshell.install.startup import guard_shells

RULES = """\
version: 1
rules:
  - name: no-list-all
    commands: [ls]
    conditions: [{command_contains: --all}]
    action: deny
    message: No.
    tests: {match: [ls --all]}
"""

pytestmark = pytest.mark.rules(RULES)

PLAIN = ("bash -c", "bash -lc", "bash -ic", "bash -lic", "sh -lc")


@pytest.fixture
def user(shims: Home, daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a user of bash, who has set up nothing beside a SafeShell home."""
    assert daemon.pid
    directory = tmp_path / "user"
    directory.mkdir()
    for name in (*os.environ,):
        monkeypatch.delenv(name)
    for name, value in {
        **environment(shims),
        "PATH": PATH,
        "HOME": str(directory),
        "SHELL": "/bin/bash",
        "TMUX_TMPDIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(directory)
    # Below the home's own, which no process may outlive that names it.
    monkeypatch.setattr(tempfile, "tempdir", os.path.dirname(shims.root))
    return directory


def behind_shims(home: Home, monkeypatch: pytest.MonkeyPatch, before: str = "") -> None:
    monkeypatch.setenv("PATH", f"{before}{home.shims}:{PATH}")


def shells(home: Home) -> dict[str, Way]:
    return {way.way: way for way in shell_ways(Here(home))}


def test_nothing_was_set_up_so_nothing_fails(shims: Home, user: Path) -> None:
    ways = {way.way: way for way in table.ways_in(shims, str(user))}
    assert {*PLAIN, "absolute path", "env -i", "PATH=… in a line"} <= ways.keys()
    assert {(way.guarded, way.has_failed) for way in ways.values()} == {(False, False)}
    assert {ways[way].cover for way in PLAIN} == {"safeshell init --shell"}
    assert ways["absolute path"].cover == ""  # there is no agent here


def test_the_shells_block_covers_those_that_read_start_up_files(
    shims: Home, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_blocks(shims)
    found = shells(shims)
    assert [way.way for way in found.values() if way.guarded] == list(PLAIN[1:])
    assert found["bash -c"].cover == "exec /bin/bash -l"
    behind_shims(shims, monkeypatch)
    assert all(way.guarded and way.by == "shims" and way.is_set_up for way in shells(shims).values())
    (user / ".profile").write_text(f"PATH={PATH}\n")  # somebody took the block out of it
    found = shells(shims)
    assert [way.way for way in found.values() if way.has_failed] == ["bash -lc", "bash -lic", "sh -lc"]
    assert found["bash -lc"].found == "the shims are not on its PATH"
    assert found["bash -lc"].cover == "safeshell init --shell"


def test_under_run_what_the_environment_reaches_is_guarded(
    shims: Home, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind_shims(shims, monkeypatch)
    guard_shells(shims, os.environ)
    (user / ".profile").write_text(f"PATH={PATH}\n")
    (user / ".bashrc").write_text(f"PATH={PATH}\n")
    found = shells(shims)
    assert [way.way for way in found.values() if way.guarded] == ["bash -c", "bash -lc"]
    assert not any(way.has_failed for way in found.values())  # nobody said that the others would be


@pytest.mark.needs("zsh")
def test_other_shells_are_tried_as_well(shims: Home, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    (user / ".zshrc").write_text("")
    write_blocks(shims)
    behind_shims(shims, monkeypatch)
    found = shells(shims)
    assert list(found) == ["zsh -c", "zsh -lc", "zsh -ic", "zsh -lic", "bash -lc", "sh -lc"]
    assert all(way.guarded for way in found.values()), found


def test_where_names_lead_past_their_shims_is_said(shims: Home, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (user / "bin").mkdir()
    os.symlink("/bin/true", user / "bin" / "ls")
    behind_shims(shims, monkeypatch, f"{user}/bin:")
    found = shells(shims)["bash -c"]
    assert found.has_failed
    assert found.found.startswith("1 of ")
    assert found.found.endswith(f" names lead past their shim: ls to {user}/bin/ls")


@pytest.mark.usefixtures("user")
def test_another_homes_daemon_is_named(shims: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_home(os.path.join(os.path.dirname(shims.root), "other"))
    sync_shims(other)
    monkeypatch.setenv("SAFESHELL_HOME", other.root)
    behind_shims(shims, monkeypatch)
    with running_daemon(other):
        assert shells(shims)["bash -c"].found == f"it leads to the daemon of another home, {other.root}"


def test_a_shell_that_never_ends_is_ended(shims: Home, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "PATIENCE_S", 2.0)
    (user / ".bashrc").write_text("exec sleep 1000\n")
    found = shells(shims)["bash -ic"]
    assert (found.guarded, found.found) == (None, "it did not end within 2 s")
    assert not processes_of(f"HOME={user}", 0)


@pytest.mark.usefixtures("user")
def test_a_shell_that_runs_no_line_is_said(shims: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/nonexistent/sh2")
    assert shells(shims)["sh2 -c"].found == "can't run /nonexistent/sh2: No such file or directory"
    monkeypatch.setenv("SHELL", "/bin/false")
    assert shells(shims)["false -c"].found == "the line was not run"


@pytest.fixture
def server(user: Path) -> Iterator[None]:
    """A tmux server that was started before anything was set up."""
    need("tmux")
    environment = {**os.environ, "PATH": PATH}
    subprocess.run(["tmux", "-f", "/dev/null", "new-session", "-d", "cat"], cwd=user, check=True, env=environment)
    yield
    subprocess.run(["tmux", "kill-server"], check=True)


@pytest.mark.needs("tmux")
@pytest.mark.usefixtures("server")
def test_a_tmux_server_keeps_the_path_that_it_was_started_with(shims: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    behind_shims(shims, monkeypatch)
    running, new = tmux.tmux_ways(Here(shims))
    assert (running.way, running.guarded, running.has_failed) == ("tmux, running", False, False)
    assert (new.way, new.guarded) == ("tmux, new", True)
    subprocess.run(["/bin/sh", "-c", running.cover], check=True)  # what is said to cover it does
    running, _ = tmux.tmux_ways(Here(shims))
    assert running.guarded


ClaudeHook = Callable[[], None]


@pytest.fixture
def claude(user: Path, cli: Cli) -> ClaudeHook:
    """Claude Code was used here; installs its hook."""
    if native_hook() is None:
        need("cc")
    (user / ".claude").mkdir()

    def install() -> None:
        assert cli("hook", "install", "claude-code").status == 0

    return install


def ways(home: Home, user: Path) -> dict[str, Way]:
    here = Here(home)
    found = list(agents.agent_ways(here, str(user)))
    return {way.way: way for way in (*found, *line_ways(here, found, str(user)))}


def test_an_agents_hook_is_called_before_and_after_it_is_installed(
    shims: Home, user: Path, claude: ClaudeHook, daemon: Daemon
) -> None:
    before = ways(shims, user)
    assert [(way.guarded, way.has_failed) for way in before.values()] == [(False, False)] * 4
    assert before["claude-code"].cover == "safeshell hook install claude-code"
    assert before["env -i"].cover == "safeshell hook install --all"
    claude()
    after = ways(shims, user)
    assert [(way.guarded, way.by) for way in after.values()] == [(True, "hook")] * 4
    assert daemon.status()["requests"] == {"total": 0}
    assert not daemon.status()["agents"]


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("exit 0", "its hook lets a line run that is always refused: nothing (exit status 0)"),
        ("echo no >&2; exit 2", "its hook refuses whatever it is asked: no"),
    ],
)
def test_a_hook_that_answers_by_itself_is_a_failure(
    shims: Home, user: Path, claude: ClaudeHook, program: str, found: str
) -> None:
    claude()
    write(f"{shims.hooks}/safeshell-hook", f"#!/bin/sh\n{program}\n", 0o755)
    way = ways(shims, user)["claude-code"]
    assert (way.has_failed, way.found) == (True, found)
    assert way.cover == "safeshell hook install claude-code"


def test_hooks_that_are_turned_off_are_a_failure(shims: Home, user: Path, claude: ClaudeHook) -> None:
    claude()
    settings = user / ".claude" / "settings.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "disableAllHooks": True}))
    way = ways(shims, user)["claude-code"]
    assert (way.has_failed, way.cover) == (True, "")
    assert "turn all hooks off" in way.found


def test_what_fails_is_the_exit_status_and_in_the_table(
    shims: Home, claude: ClaudeHook, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MARKER, "")
    monkeypatch.setattr("safeshell.cli.doctor.examine", lambda _: ())
    monkeypatch.setattr("safeshell.cli.probes.ways.table.shell_ways", lambda _: [])
    monkeypatch.setattr("safeshell.cli.probes.ways.table.tmux_ways", lambda _: [])
    shown = cli("doctor")
    assert shown.status == 0
    assert "claude-code       no       safeshell hook install claude-code\n" in shown.out
    assert "claude-code: it asks no hook\n" in shown.out
    claude()
    assert "claude-code       by hook  -\n" in cli("doctor").out
    os.unlink(f"{shims.hooks}/safeshell-hook")
    failed = cli("doctor", "--json")
    assert failed.status == 1
    (row,) = [way for way in json.loads(failed.out)["ways"] if way["failed"]]
    assert row == {
        "way": "claude-code",
        "kind": "agent",
        "guarded": False,
        "by": None,
        "is_set_up": True,
        "failed": True,
        "found": row["found"],
        "cover": "safeshell hook install claude-code",
    }
