"""Agents' file tools for real: the hook program, a daemon, and what the agent is told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from e2e.test_hooks import PIN, Told, call, end, person, records, start, waiting
from harness import Daemon, enroll, write
from hooks.envelopes import claude
from needs import need

from safeshell.install.native import native_hook

RULES = """\
version: 1
rules:
  - name: stay
    conditions: [{writes_outside: ['@project', /elsewhere]}]
    action: deny
    message: Write inside of the project.
  - name: secrets
    conditions: [{reads_matches: '/secret$'}]
    action: require_approval
    message: Say why.
  - {name: no-tee, commands: [tee], conditions: [{writes_under: [/]}], action: deny, message: No.}
"""

pytestmark = pytest.mark.rules(RULES)


@pytest.fixture(autouse=True)
def _has_hooks() -> None:
    if native_hook() is None:
        need("cc")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    (made / ".git").mkdir(parents=True)
    return made


def tool(name: str, given: dict[str, Any], directory: Path, **more: Any) -> dict[str, Any]:
    return {**claude(name)("", str(directory)), "tool_input": given, **more}


def ask(daemon: Daemon, name: str, given: dict[str, Any], directory: Path, agent: str = "claude-code") -> Told:
    return Told(call(daemon.home, agent, tool(name, given, directory)))


def test_a_file_outside_is_denied_and_told_and_one_inside_is_not(daemon: Daemon, work: Path) -> None:
    assert not ask(daemon, "Write", {"file_path": str(work / "a b"), "content": "x"}, work).denied
    assert not ask(daemon, "Read", {"file_path": "/etc/hosts"}, work).denied
    told = ask(daemon, "Edit", {"file_path": "/etc/two words"}, work)
    assert told.reason == (
        f"safeshell: denied by rule stay ({daemon.home.rules}:3): Write inside of the project. (Edit '/etc/two words')"
    )
    record = records(daemon.home, 1)[-1]
    assert (record["decision"], record["rule"], record["agent"]) == ("deny", "stay", "claude-code")
    assert (record["hook"], record["argv"]) == ({"tool": "Edit", "session": "s"}, ["Edit '/etc/two words'"])


def test_a_link_leads_where_it_leads(daemon: Daemon, work: Path) -> None:
    (work / "out").symlink_to("/etc")
    assert ask(daemon, "Write", {"file_path": "out/x"}, work).denied
    (work / "last").symlink_to("/etc/x")
    assert ask(daemon, "Write", {"file_path": "last"}, work).denied
    (work / "circle").symlink_to("circle")
    assert ask(daemon, "Write", {"file_path": "circle"}, work).denied  # undecided
    assert ask(daemon, "Write", {}, work).denied  # not told


def test_each_file_of_a_patch_counts(daemon: Daemon, work: Path) -> None:
    patch = "*** Begin Patch\n*** Update File: a\n@@\n-a\n+b\n*** Add File: ../b\n+c\n*** End Patch\n"
    assert ask(daemon, "apply_patch", {"command": patch}, work, "codex").denied
    assert not ask(daemon, "apply_patch", {"command": patch.replace("../", "")}, work, "codex").denied


def test_a_home_in_a_path_is_the_home(daemon: Daemon, work: Path) -> None:
    assert ask(daemon, "Write", {"file_path": "~/x"}, work).denied


def test_rules_of_the_files_own_repository_count(daemon: Daemon, work: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    rules = "version: 1\nrules:\n  - {name: here, conditions: [{reads_under: [/]}], action: deny, message: Not here.}\n"
    write(str(other / ".safeshell/rules.yaml"), rules)
    os.chmod(other, 0o700)
    assert ask(daemon, "Read", {"file_path": str(other / "x")}, work).reason.startswith(
        "safeshell: denied by rule here"
    )
    assert not ask(daemon, "Read", {"file_path": str(work / "x")}, work).denied


def test_reading_waits_for_a_person_who_sees_tool_and_file(daemon: Daemon, work: Path) -> None:
    enroll(daemon.home, PIN)
    process = start(daemon.home, "", envelope=tool("Read", {"file_path": "/a/secret"}, work))
    shown = waiting(daemon.home)
    assert (shown["argv"], shown["rule"], shown["context"]) == (["Read /a/secret"], "secrets", "ai")
    with person(daemon.home, "approve", str(shown["id"])) as by:
        by.finish()
    assert not end(process).denied


@pytest.mark.config("approval_timeout: 1s\n")
def test_an_approval_is_good_for_that_file_once(daemon: Daemon, work: Path) -> None:
    enroll(daemon.home, PIN)
    told = ask(daemon, "Read", {"file_path": "/a/secret"}, work)
    assert "requires approval, and none came in 1 s: Say why. (Read /a/secret)" in told.reason
    number = records(daemon.home, 1)[-1]["approval"]["id"]
    with person(daemon.home, "approve", str(number)) as by:
        by.finish()
    assert ask(daemon, "Read", {"file_path": "/b/secret"}, work).denied
    assert not ask(daemon, "Read", {"file_path": "/a/secret"}, work).denied
    assert ask(daemon, "Read", {"file_path": "/a/secret"}, work).denied


def test_a_command_is_not_asked_about_files(daemon: Daemon, work: Path) -> None:
    assert not Told(call(daemon.home, "claude-code", claude()("tee /etc/x", str(work)))).denied


def test_the_project_is_where_the_session_began(daemon: Daemon, work: Path, tmp_path: Path) -> None:
    def told(path: str, directory: Path, **more: Any) -> Told:
        """The same agent each time: this process."""
        return end(start(daemon.home, "", envelope=tool("Write", {"file_path": path}, directory, **more)))

    assert not told("x", work).denied
    assert not told(str(work / "x"), tmp_path).denied
    assert "rule stay" in told("x", tmp_path).reason  # it has gone elsewhere; the project has not
    assert not told("x", tmp_path, session_id="another").denied


def test_the_directory_of_a_tools_input_moves_no_project(daemon: Daemon, work: Path) -> None:
    patch = "*** Begin Patch\n*** Add File: x\n+a\n*** End Patch\n"
    asked = {"tool": "patch", "sessionID": "s", "directory": str(work), "args": {"patchText": patch, "workdir": "/"}}
    done = call(daemon.home, "opencode", asked)
    assert done.returncode == 2
    assert b"rule stay" in done.stderr
    del asked["args"]["workdir"]  # type: ignore[attr-defined]
    assert call(daemon.home, "opencode", asked).returncode == 0


def test_a_patch_in_a_line_of_codex_is_a_line_and_its_files(daemon: Daemon, work: Path) -> None:
    line = "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: {}\n+a\n*** End Patch\nEOF\n"

    def run(path: str, more: str = "") -> Told:
        return Told(call(daemon.home, "codex", claude()(more + line.format(path), str(work))))

    assert not run("x").denied
    told = run("../x")
    assert told.reason.endswith("Write inside of the project. (apply_patch ../x)")
    assert run("x", "cd .. && ").denied
    assert not run("work/x", "cd .. && ").denied
    assert records(daemon.home, 1)[0]["argv"] == [line.format("../x")]
