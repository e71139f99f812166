"""Edits that loosen, after an agent has run: what is in force stays until a person says otherwise."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from e2e.terminal import Terminal
from harness import (
    MARKER,
    PATH,
    PATIENCE_S,
    SAFESHELL,
    Daemon,
    enroll,
    environment,
    run,
    running_daemon,
    safeshell,
    sync_shims,
    until,
    write,
)

from safeshell.client import Result, approvals, control, evaluate_line, execute
from safeshell.home.paths import Home
from safeshell.protocol import Type

RULES = """\
version: 1
include: [./team.yaml]
rules:
  - {name: no-ls, commands: [ls], action: deny, message: Quiet., tests: {match: [ls]}}
  - {name: seen, commands: [sh, sort], action: allow, message: Seen.}
"""
TEAM = """\
version: 1
rules:
  - {name: no-echo, commands: [echo], action: deny, message: Quiet., tests: {match: [echo]}}
"""
NOTHING = "version: 1\nrules: []\n"
AGENT = {MARKER: "1"}
PIN = "correct horse"
WAITS = "that would lift this waits for a person: safeshell compile)"

pytestmark = pytest.mark.rules(RULES.replace("include: [./team.yaml]\n", ""))


def ask(home: Home, *words: str, **env: str) -> Result:
    return execute(list(words), env={"PATH": PATH, **env}, home=home)


def at_terminal(home: Home, *words: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    with Terminal(*words, env={**environment(home), "PATH": PATH, **(env or {})}, cwd=home.root) as person:
        status = person.finish()
        return status, person._shown.decode()


def edits(home: Home) -> list[dict[str, Any]]:
    """What the audit log has of edits."""
    with open(home.audit, encoding="ascii") as stream:
        return [record for record in map(json.loads, stream) if record.get("kind") == "edit"]


def wait_for_edits(home: Home, *states: str) -> list[dict[str, Any]]:
    def found() -> list[dict[str, Any]] | None:
        records = edits(home) if os.path.exists(home.audit) else []
        return records if [record["edit"]["state"] for record in records] == list(states) else None

    records: list[dict[str, Any]] = until(found, f"records of {states}")
    return records


@pytest.fixture
def seen(home: Home) -> Iterator[Daemon]:
    """A daemon that has seen an agent, and rules that include a file."""
    write(os.path.join(home.root, "team.yaml"), TEAM)
    write(home.rules, RULES)
    assert safeshell(home, "compile").returncode == 0
    with running_daemon(home) as daemon:
        assert ask(home, "true", **AGENT).returncode == 0
        until(lambda: daemon.status()["agents"], "the daemon to have seen the agent")
        yield daemon


def copy_over(home: Home) -> None:
    line = 'echo "version: 1" >new; touch -r rules.yaml new; mv new rules.yaml'
    subprocess.run(["sh", "-c", line], cwd=home.root, check=True)


def link(home: Home) -> None:
    write(os.path.join(home.root, "mine.yaml"), NOTHING)
    os.unlink(home.rules)
    os.symlink("mine.yaml", home.rules)


def edit_in_place(home: Home) -> None:
    Path(home.rules).write_text(RULES.replace("deny", "allow"), encoding="utf-8")


EDITS: dict[str, Callable[[Home], None]] = {
    "the rules": lambda home: write(home.rules, NOTHING),
    "what they include": lambda home: write(os.path.join(home.root, "team.yaml"), NOTHING),
    "in place": edit_in_place,
    "the include itself": lambda home: write(home.rules, RULES.replace("include: [./team.yaml]\n", "")),
    "copied with the old times": copy_over,
    "a symbolic link": link,
}


@pytest.mark.parametrize("edit", EDITS)
def test_u14_an_edit_that_loosens_is_held_once_an_agent_has_run(edit: str, seen: Daemon) -> None:
    home = seen.home
    EDITS[edit](home)
    for words in (("echo",), ("ls",)):
        done = ask(home, *words)
        assert done.returncode == 126, done.message
    held = seen.status()["held"]
    assert held["loosens"]
    # Who asks decides nothing: the edit waits for a person's word, not for a person's command.
    assert ask(home, "echo").returncode == ask(home, "echo", **AGENT).returncode == 126
    (record,) = wait_for_edits(home, "held")
    assert record["edit"]["loosens"] == held["loosens"]
    assert all(len(file["old"] or "x" * 64) == 64 for file in record["edit"]["files"])


def test_u14_a_denial_that_the_edit_would_lift_names_it_and_others_do_not(seen: Daemon) -> None:
    home = seen.home
    write(os.path.join(home.root, "team.yaml"), NOTHING)
    assert ask(home, "echo").message.strip().endswith(f"(an edit of team.yaml {WAITS}")
    assert "waits" not in ask(home, "ls").message
    # Every spelling is judged by it.
    assert ask(home, "env", "echo", "x").message.strip().endswith(WAITS)
    write(home.rules, RULES.replace("no-ls", "still-no-ls"))
    assert "waits" not in ask(home, "ls").message  # it would be denied by another name
    assert "no-ls" in ask(home, "ls").message


def test_u14_a_denied_shell_line_names_the_edit_too(seen: Daemon) -> None:
    home = seen.home
    write(os.path.join(home.root, "team.yaml"), NOTHING)
    found = evaluate_line("true; echo x", env={"PATH": PATH}, home=home)
    assert (found["decision"], found["rule"]) == ("deny", "no-echo")
    assert found["message"].endswith(f"(an edit of team.yaml {WAITS}")
    assert "waits" not in evaluate_line("true; ls", env={"PATH": PATH}, home=home)["message"]
    assert evaluate_line("true", env={"PATH": PATH}, home=home)["decision"] == "allow"


@pytest.mark.rules(
    "version: 1\nrules:\n  - {name: no-ls, commands: [ls], context: ai_only, action: deny, message: Quiet.}\n"
)
def test_u14_settings_are_held_and_named_likewise(daemon: Daemon) -> None:
    home = daemon.home
    assert ask(home, "ls", **AGENT).returncode == 126
    write(home.config, "agents: {markers: [NOBODY]}\n")
    done = ask(home, "ls", **AGENT)
    assert (done.returncode, done.message.strip().endswith(f"(an edit of config.yaml {WAITS}")) == (126, True)
    assert daemon.status()["held"]["settings"] == ["markers"]
    with open(home.client_conf, encoding="utf-8") as stream:
        assert f"marker={MARKER}\n" in stream
    write(home.config, f"agents: {{markers: [{MARKER}]}}\nunreachable: {{human: deny}}\n")
    assert ask(home, "true").returncode == 0
    assert daemon.status()["held"] is None
    assert wait_for_edits(home, "held", "in force")[1]["edit"]["settings"] == ["unreachable_human"]


def test_u14_an_edit_that_tightens_counts_at_once_and_what_loosens_later_is_held_against_it(seen: Daemon) -> None:
    home = seen.home
    more = RULES + "  - {name: no-cat, commands: [cat], action: deny, message: Quiet.}\n"
    write(home.rules, more)
    assert ask(home, "cat").returncode == 126
    assert seen.status()["held"] is None
    write(home.rules, RULES)  # a tightening is no person's word: an agent may have made it
    assert ask(home, "cat").message.strip().endswith(WAITS)
    write(home.rules, more)
    assert "waits" not in ask(home, "cat").message
    assert seen.status()["held"] is None
    wait_for_edits(home, "in force", "held", "withdrawn")


def test_u14_without_an_agent_an_edit_counts_at_once(home: Home) -> None:
    with running_daemon(home) as daemon:
        assert ask(home, "ls").returncode == 126
        write(home.rules, NOTHING)
        assert ask(home, "ls").returncode == 0
        assert daemon.status()["held"] is None


@pytest.mark.parametrize("how", ["its context", "an ancestor", "SAFESHELL_CONTEXT"])
def test_u14_the_first_command_of_an_agent_counts_before_its_edit_is_judged(how: str, daemon: Daemon) -> None:
    home = daemon.home
    sync_shims(home)
    write(home.rules, NOTHING)
    line = f"env -u {MARKER} ls; exit $?" if how == "an ancestor" else "ls; exit $?"
    env = {"SAFESHELL_CONTEXT": "ai"} if how == "SAFESHELL_CONTEXT" else AGENT
    done = run(home, "/bin/sh", "-c", line, env=env)
    assert (done.returncode, WAITS.encode() in done.stderr) == (126, True), done.stderr


def test_u14_an_agent_whose_line_the_front_answers_for_people_is_seen_too(daemon: Daemon) -> None:
    home = daemon.home
    sync_shims(home)

    def answered() -> int:
        assert run(home, "sort").returncode == 0
        found: int = daemon.status()["front"].get("answered", 0)
        return found

    until(answered, "the front to answer")
    assert not daemon.status()["agents"]
    assert run(home, "sort", env=AGENT).returncode == 0
    until(lambda: daemon.status()["agents"], "the agent to be seen")


def test_u14_it_stays_held_over_restarts_kills_and_handovers(seen: Daemon) -> None:
    home = seen.home
    write(home.rules, NOTHING)
    assert ask(home, "ls").returncode == 126
    heir = control(Type.HANDOVER, 1, home=home)["heir"]
    try:
        # On a busy machine its compilation may take longer than a command waits.
        until(lambda: ask(home, "ls").message.strip().endswith(WAITS), "the heir to hold it")
        os.kill(heir, signal.SIGKILL)
        seen.wait()
        until(lambda: not os.path.exists(f"/proc/{heir}") or _is_zombie(heir), "the heir to be gone")
        with running_daemon(home) as third:
            assert ask(home, "ls").message.strip().endswith(WAITS)
            assert third.status()["agents"]
    finally:
        if os.path.exists(f"/proc/{heir}") and not _is_zombie(heir):
            os.kill(heir, signal.SIGKILL)


def _is_zombie(pid: int) -> bool:
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stream:
        return stream.read().rpartition(")")[2].split()[0] == "Z"


def test_u14_a_confirmed_setting_is_not_held_anew_by_the_next_daemon(home: Home) -> None:
    with running_daemon(home) as daemon:
        write(home.config, f"agents: {{markers: [{MARKER}]}}\naudit_keep: 2\n")
        assert ask(home, "true").returncode == 0
        assert ask(home, "true", **AGENT).returncode == 0
        until(lambda: daemon.status()["agents"], "the agent to be seen")
        heir = control(Type.HANDOVER, 1, home=home)["heir"]
        try:
            assert ask(home, "true").returncode == 0
            assert control(Type.STATUS, home=home)["held"] is None
            assert control(Type.STATUS, home=home)["agents"]
        finally:
            os.kill(heir, signal.SIGTERM)
            assert daemon.wait() == 0


@pytest.mark.parametrize("how", ["deleted", "broken", "emptied", "others may write"])
def test_u14_deleting_or_breaking_the_rules_loosens_nothing(how: str, seen: Daemon) -> None:
    home = seen.home
    if how == "deleted":
        os.unlink(home.rules)
    elif how == "others may write":
        os.chmod(home.rules, 0o666)
    else:
        write(home.rules, "" if how == "emptied" else "version: 1\nrules: [")
    assert ask(home, "ls").returncode == 126
    (record,) = wait_for_edits(home, "broken")
    assert record["edit"]["problem"]
    assert seen.status()["error"]


def test_u14_tables_that_are_taken_away_do_not_take_what_is_held_along(seen: Daemon) -> None:
    home = seen.home
    os.unlink(home.tables)
    write(home.rules, NOTHING)
    assert ask(home, "ls").returncode == 126
    seen.stop()
    with running_daemon(home):
        assert ask(home, "ls").message.strip().endswith(WAITS)


def test_u14_the_compiler_run_by_hand_publishes_no_more_than_the_daemon(seen: Daemon) -> None:
    home = seen.home
    write(home.rules, NOTHING)
    for more in ([], ["seen"]):
        words = [sys.executable, "-I", "-m", "safeshell_compiler", "user", home.root, home.rules, *more]
        with open(os.path.join(home.root, "out"), "w+b") as out:
            subprocess.run(words, stdout=out, stderr=subprocess.DEVNULL, timeout=PATIENCE_S, check=False)
    seen.stop()
    with running_daemon(home):
        assert ask(home, "ls").returncode == 126


# Who is told


def test_u14_people_are_reminded_at_a_terminal_once_a_minute_and_programs_are_not(seen: Daemon) -> None:
    home = seen.home
    sync_shims(home)
    write(home.rules, NOTHING)
    assert b"waits" not in run(home, "sort").stderr
    path = {"PATH": f"{home.shims}:{PATH}"}
    first = at_terminal(home, "sh", "-c", "sort </dev/null", env=path)
    second = at_terminal(home, "sh", "-c", "sort </dev/null", env=path)
    reminder = "safeshell: an edit of rules.yaml loosens and is not in force: an agent has run since"
    assert (first[0], second[0]) == (0, 0)
    assert (first[1].count(reminder), second[1].count(reminder)) == (1, 0)
    assert b"waits" not in run(home, "sort").stderr


def test_u14_status_reload_doctor_and_log_say_so(seen: Daemon) -> None:
    home = seen.home
    write(home.rules, NOTHING)
    reloaded = safeshell(home, "daemon", "reload")
    assert (reloaded.returncode, "waits for a person" in reloaded.stderr) == (1, True)
    status = safeshell(home, "daemon", "status")
    assert (status.returncode, f"an edit of {home.rules}" in status.stdout) == (1, True)
    probes = {probe["name"]: probe for probe in json.loads(safeshell(home, "doctor", "--json").stdout)["probes"]}
    assert (probes["edits"]["ok"], "no-ls: gone" in probes["edits"]["found"]) == (False, True)
    shown = safeshell(home, "log", "--rule", "no-ls").stdout
    assert "edit" in shown
    assert "rules.yaml, team.yaml: removed no-echo, no-ls, seen, held" in shown


# Who confirms


def test_u14_a_person_at_a_terminal_confirms(seen: Daemon) -> None:
    home = seen.home
    write(home.rules, NOTHING)
    assert ask(home, "ls").returncode == 126
    status, shown = at_terminal(home, SAFESHELL, "compile")
    assert (status, shown.split()[-1]) == (0, home.rules)
    assert ask(home, "ls").returncode == 0
    told = seen.status()
    assert (told["held"], told["agents"]) == (None, False)
    confirmed = wait_for_edits(home, "held", "confirmed")[1]
    assert confirmed["by"]["uid"] == os.getuid()
    # And it lasts; the next agent begins it anew.
    assert ask(home, "true", **AGENT).returncode == 0
    write(home.rules, RULES)
    assert ask(home, "ls").returncode == 126
    write(home.rules, NOTHING)
    assert ask(home, "ls").message.strip().endswith(WAITS)


UNCONFIRMED: dict[str, tuple[dict[str, str], list[str]]] = {
    "an agent": (AGENT, [SAFESHELL, "compile"]),
    "an agent by another command": (AGENT, [SAFESHELL, "init"]),
    "below an agent": (AGENT, ["/usr/bin/env", "-u", MARKER, SAFESHELL, "compile"]),
    "in the background": (AGENT, ["/bin/sh", "-c", f"env -u {MARKER} setsid -w {shlex.quote(SAFESHELL)} compile"]),
    "nobody's script": ({}, [SAFESHELL, "compile"]),
}


@pytest.mark.parametrize("who", UNCONFIRMED)
@pytest.mark.parametrize("daemon_runs", [True, False])
def test_u14_nobody_else_does(who: str, daemon_runs: bool, seen: Daemon) -> None:
    home = seen.home
    write(home.rules, NOTHING)
    if not daemon_runs:
        seen.stop()
    env, words = UNCONFIRMED[who]
    done = subprocess.run(
        words,
        env={**environment(home), "PATH": PATH, **env},
        cwd=home.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, "safeshell approvals enroll" in done.stderr) == (77, True), done.stderr
    assert done.stdout == ""
    if daemon_runs:
        assert ask(home, "ls").returncode == 126
    else:
        with running_daemon(home):
            assert ask(home, "ls").returncode == 126


def test_u14_an_agent_confirms_with_the_pin(seen: Daemon) -> None:
    home = seen.home
    enroll(home, PIN)
    write(home.rules, NOTHING)
    words = [SAFESHELL, "compile", "--pin-stdin"]
    env = {**environment(home), "PATH": PATH, **AGENT}
    for pin, status in (("wrong", 77), (PIN, 0)):
        done = subprocess.run(
            words, env=env, cwd=home.root, input=f"{pin}\n", capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stderr
        assert ask(home, "ls").returncode == (0 if status == 0 else 126)
    assert seen.status()["agents"], "it runs on"
    records = wait_for_edits(home, "held", "confirmed")
    assert records[1]["by"]["agent"]


def test_u14_what_was_changed_again_is_not_what_was_confirmed(seen: Daemon) -> None:
    home = seen.home
    write(home.rules, NOTHING)
    assert ask(home, "ls").returncode == 126
    with Terminal(sys.executable, "-c", CONFIRM, "0" * 64, env=environment(home), cwd=home.root) as person:
        person.expect("changed again meanwhile")
    assert ask(home, "ls").returncode == 126
    assert not approvals({"do": "confirm", "fingerprint": "0" * 64}, home=home)["ok"]


CONFIRM = """\
import sys
from safeshell.client import approvals
print(approvals({"do": "confirm", "fingerprint": sys.argv[1]}))
"""


def test_u14_what_loosens_nothing_takes_no_person(seen: Daemon) -> None:
    home = seen.home
    more = RULES + "  - {name: no-cat, commands: [cat], action: deny, message: Quiet.}\n"
    write(home.rules, more)
    assert safeshell(home, "compile", env=AGENT).returncode == 0
    assert ask(home, "cat").returncode == 126
    assert seen.status()["agents"]


# What is recorded


def test_u14_the_commands_that_ran_meanwhile_are_recorded_or_unknown(seen: Daemon) -> None:
    home = seen.home
    sync_shims(home)
    write(os.path.join(home.root, "loose.yaml"), NOTHING)
    done = run(home, "sh", "-c", "cat loose.yaml >rules.yaml", env=AGENT)
    assert done.returncode == 0, done.stderr
    assert ask(home, "ls").returncode == 126
    (record,) = wait_for_edits(home, "held")
    assert ["sh", "-c", "cat loose.yaml >rules.yaml"] in [command["argv"] for command in record["during"]]


def test_u14_secrets_of_those_commands_are_not_recorded(seen: Daemon) -> None:
    home = seen.home
    sync_shims(home)
    secret = "ghp_" + "a1B2" * 9
    assert run(home, "sh", "-c", f": {secret}; echo version: 1 >rules.yaml").returncode == 0
    assert ask(home, "ls").returncode == 126
    wait_for_edits(home, "held")
    with open(home.audit, encoding="ascii") as stream:
        log = stream.read()
    assert secret not in log
    assert "redacted" in log


def test_u14_a_repositorys_rules_follow_its_work_tree_and_are_recorded(seen: Daemon, tmp_path: Path) -> None:
    rules = tmp_path / ".safeshell" / "rules.yaml"
    write(str(rules), TEAM.replace("echo", "sort"), 0o644)
    os.chmod(rules.parent, 0o755)
    home = seen.home

    def sort() -> int:
        return subprocess.run(
            [sys.executable, "-c", RUN, home.root], cwd=tmp_path, env={"PATH": PATH}, timeout=PATIENCE_S, check=False
        ).returncode

    assert sort() == 126
    write(str(rules), NOTHING, 0o644)
    assert sort() == 0
    (record,) = wait_for_edits(home, "in force")
    assert (record["layer"], record["source"], record["edit"]["removed"]) == ("repository", str(rules), ["no-sort"])
    write(str(rules), TEAM.replace("echo", "sort"), 0o644)
    assert sort() == 126
    os.unlink(rules)
    assert sort() == 0
    write(os.path.join(home.root, "something"), "")  # the daemon looks after its directory
    assert wait_for_edits(home, "in force", "in force", "in force")[2]["edit"]["removed"] == ["no-sort"]


RUN = """\
import sys
from safeshell.client import execute
from safeshell.home.paths import Home
sys.exit(execute(["sort"], env={"PATH": "/usr/bin:/bin"}, home=Home(sys.argv[1])).returncode)
"""


# The clients' own file


@pytest.mark.config(f"agents: {{markers: [{MARKER}]}}\nunreachable: {{human: deny}}\n")
@pytest.mark.parametrize(
    ("edit", "settings"),
    [
        (lambda text: text.replace("unreachable_ai=deny", "unreachable_ai=allow"), ["unreachable_ai"]),
        (lambda text: text + "unreachable_human=allow\n", ["unreachable_human"]),
        (lambda text: text.replace(f"marker={MARKER}\n", ""), ["markers"]),
        (lambda _text: "", ["unreachable_human", "markers"]),
    ],
)
def test_u14_the_clients_file_is_put_back(edit: Callable[[str], str], settings: list[str], daemon: Daemon) -> None:
    home = daemon.home
    before = Path(home.client_conf).read_text(encoding="utf-8")
    write(os.path.join(home.root, "first"), "")
    write(home.client_conf, edit(before))
    (record,) = wait_for_edits(home, "put back")
    assert (record["source"], record["edit"]["settings"]) == (home.client_conf, settings)
    after = Path(home.client_conf).read_text(encoding="utf-8")
    assert sorted(after.splitlines()) == sorted(before.splitlines())


def test_u14_how_a_daemon_is_started_is_recorded_and_left(daemon: Daemon) -> None:
    home = daemon.home
    before = Path(home.client_conf).read_text(encoding="utf-8")
    write(os.path.join(home.root, "first"), "")
    edited = before.replace("start=", "start=/evil\nstart=", 1)
    until(lambda: daemon.status()["uptime_s"] > 0.3, "the daemon to have looked at it once")
    write(home.client_conf, edited)
    (record,) = wait_for_edits(home, "in force")
    assert record["edit"]["settings"] == ["start"]
    assert Path(home.client_conf).read_text(encoding="utf-8") == edited
