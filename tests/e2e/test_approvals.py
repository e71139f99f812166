"""A command waits for a person's word: real shims, a real daemon, terminals of their own."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from boxes import enter, made_cgroup
from e2e.terminal import Terminal
from harness import (
    PATH,
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
from needs import need

from safeshell.client import approvals
from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - name: ask-to-force
    commands: [git]
    conditions: [{command_matches: 'push\\b.*--force'}]
    action: require_approval
    message: Force-pushing rewrites what others have pulled.
  - name: ask-to-touch
    commands: [touch]
    conditions: [{command_contains: secret}]
    action: require_approval
    message: Ask first.
  - {name: known, commands: [env, timeout, xargs, sh], action: allow, message: Seen.}
"""
PIN = "correct horse"
AGENT = {"SAFESHELL_CONTEXT": "ai"}

CONFIG = "agents: {markers: [TESTED_AGENT]}\n"
"""Whoever runs the tests may be an agent, whose children may not answer: here another marker tells one."""

pytestmark = [pytest.mark.rules(RULES), pytest.mark.config(CONFIG)]


def start(home: Home, *argv: str, env: dict[str, str] | None = None, cwd: str | None = None) -> subprocess.Popen[bytes]:
    """A command behind the shims, in a session of its own, that will wait."""
    return subprocess.Popen(
        argv,
        env=environment(home, env),
        cwd=cwd or home.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def pending(home: Home) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = approvals({"do": "list"}, home=home)["pending"]
    return found


def wait_for_pending(home: Home, count: int = 1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = until(lambda: len(p := pending(home)) == count and p, f"{count} that wait")
    return found


def end(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=20)
    return process.returncode, out.decode(), err.decode()


def terminal(home: Home, *argv: str, env: dict[str, str] | None = None) -> Terminal:
    """`safeshell …` at a terminal of its own."""
    return Terminal(*argv, env={**environment(home), "PATH": PATH, **(env or {})}, cwd=home.root)


def answer(home: Home, *words: str) -> str:
    """Answers at a terminal, without a PIN."""
    with terminal(home, SAFESHELL, "approvals", *words) as person:
        person.finish()
        return person._shown.decode()


@pytest.fixture
def enrolled(daemon: Daemon) -> Home:
    enroll(daemon.home, PIN)
    return daemon.home


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    top = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "far"], check=True)
    subprocess.run(["git", "init", "-q", "-b", "main", top], check=True)
    author = ["-c", "user.name=a", "-c", "user.email=a@b", "-C", str(top)]
    subprocess.run(["git", *author, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run(["git", "-C", top, "remote", "add", "origin", tmp_path / "far"], check=True)
    return top


def records(home: Home) -> list[dict[str, Any]]:
    """The audit log; what is recorded is recorded after the answer."""
    if not os.path.exists(home.audit):
        return []
    with open(home.audit, encoding="ascii") as stream:
        return [json.loads(line) for line in stream]


def wait_for_answers(home: Home, *answers: str) -> None:
    def recorded() -> bool:
        return list(answers) == [record["approval"]["answer"] for record in records(home) if "approval" in record]

    until(recorded, f"records of {answers}")


@pytest.mark.config(f"{CONFIG}shims: {{client: bash}}\n")
@pytest.mark.parametrize("limited", [False, True])
def test_s11_a_bash_client_is_looked_at_once_more_after_an_approval(
    shims: Home, daemon: Daemon, tmp_path: Path, limited: bool
) -> None:
    secret = tmp_path / "secret"
    with made_cgroup() as cgroup:
        asking = start(shims, "touch", str(secret))
        (waiting,) = wait_for_pending(shims)
        if limited:
            enter(cgroup, asking.pid)
            (cgroup / "pids.max").write_text("640")
        answer(shims, "approve", str(waiting["id"]))
        assert end(asking)[0] == 0
    assert secret.exists()
    placed = daemon.status()["placement"]
    assert {where: set(one["reasons"]) for where, one in placed.items()} == (
        {"in_place": {"confinement: cgroup limit pids.max"}} if limited else {"daemon": {""}}
    )


# One command, one answer


@pytest.mark.usefixtures("enrolled")
def test_denied_with_words_then_approved_once_and_asked_again(shims: Home, repository: Path) -> None:
    push = ["git", "push", "--force", "origin", "main"]
    agent = start(shims, *push, env=AGENT, cwd=str(repository))
    (waiting,) = wait_for_pending(shims)
    assert waiting["argv"] == push
    assert (waiting["branch"], waiting["context"], waiting["rule"]) == ("main", "ai", "ask-to-force")
    with terminal(shims, SAFESHELL, "approvals", "deny", str(waiting["id"]), "not", "on", "a", "Friday") as person:
        person.expect("PIN: ")
        person.type(f"{PIN}\r")
        assert person.finish() == 0
    status, _, err = end(agent)
    assert status == 77
    assert "not on a Friday" in err
    assert "waiting up to 100 s" in err

    agent = start(shims, *push, env=AGENT, cwd=str(repository))
    (waiting,) = wait_for_pending(shims)
    with terminal(shims, SAFESHELL, "approvals", "approve", str(waiting["id"])) as person:
        person.expect("PIN: ")
        person.type(f"{PIN}\r")
        assert person.finish() == 0
    status, _, err = end(agent)
    assert status == 0, err
    assert subprocess.run(["git", "-C", repository.parent / "far", "rev-parse", "main"], check=False).returncode == 0

    agent = start(shims, *push, env=AGENT, cwd=str(repository))
    wait_for_pending(shims)
    agent.terminate()
    end(agent)
    until(lambda: not pending(shims), "the withdrawal")
    wait_for_answers(shims, "denied", "approved", "withdrawn")


@pytest.mark.config(CONFIG + "execution: in_place\n")
@pytest.mark.usefixtures("daemon")
def test_approved_in_place(shims: Home, tmp_path: Path) -> None:
    asking = start(shims, "touch", str(tmp_path / "secret"))
    (waiting,) = wait_for_pending(shims)
    assert "approved" in answer(shims, "approve", str(waiting["id"]))
    assert end(asking)[0] == 0
    assert (tmp_path / "secret").exists()


@pytest.mark.usefixtures("enrolled")
def test_who_asks_for_a_person_needs_no_pin_and_a_wrong_one_is_no_answer(shims: Home, tmp_path: Path) -> None:
    asking = start(shims, "touch", str(tmp_path / "secret"), env=AGENT)
    (waiting,) = wait_for_pending(shims)
    with terminal(shims, SAFESHELL, "approvals", "approve", str(waiting["id"])) as person:
        person.expect("PIN: ")
        person.type("wrong\r")
        person.expect("wrong PIN")
        assert person.finish() == 1
    assert len(pending(shims)) == 1
    asking.kill()
    end(asking)
    wait_for_answers(shims, "approve", "withdrawn")
    assert records(shims)[0]["approval"]["refused"] == "wrong PIN"


@pytest.mark.usefixtures("enrolled")
def test_tries_are_limited(shims: Home, tmp_path: Path) -> None:
    asking = start(shims, "touch", str(tmp_path / "secret"), env=AGENT)
    (waiting,) = wait_for_pending(shims)
    said = ""
    for _ in range(7):
        with terminal(shims, SAFESHELL, "approvals", "approve", str(waiting["id"])) as person:
            person.expect("PIN: ")
            person.type("wrong\r")
            person.finish()
            said = person._shown.decode()
    assert "too many wrong PINs" in said
    asking.kill()
    end(asking)


@pytest.mark.usefixtures("daemon")
def test_nobody_within_reach_is_said_at_once_to_an_agent(shims: Home) -> None:
    done = run(shims, "touch", "secret", env=AGENT)
    assert done.returncode == 77
    assert b"ask the person you work for" in done.stderr
    assert not os.path.exists(os.path.join(shims.root, "secret"))


@pytest.mark.config(CONFIG + "approval_timeout: 1s\n")
@pytest.mark.usefixtures("daemon")
def test_time_runs_out(shims: Home) -> None:
    done = run(shims, "touch", "secret")
    assert done.returncode == 77
    assert b"none came in 1 s" in done.stderr
    wait_for_answers(shims, "expired")


@pytest.mark.usefixtures("daemon")
def test_many_wait_and_hold_up_nobody(shims: Home, tmp_path: Path) -> None:
    asking = [start(shims, "touch", str(tmp_path / f"secret{number}")) for number in range(30)]
    waiting = wait_for_pending(shims, 30)
    assert run(shims, "sh", "-c", "exit 3").returncode == 3
    by_path = {entry["argv"][1]: entry["id"] for entry in waiting}
    answer(shims, "approve", str(by_path[str(tmp_path / "secret7")]))
    assert end(asking[7])[0] == 0
    assert len(pending(shims)) == 29
    for process in asking:
        process.kill()
        end(process)
    until(lambda: not pending(shims), "the withdrawals")
    assert [path.name for path in tmp_path.iterdir()] == ["secret7"]


@pytest.mark.usefixtures("daemon")
def test_s7_what_changed_while_it_waited_is_not_run(shims: Home, tmp_path: Path) -> None:
    asking = start(shims, "touch", str(tmp_path / "secret"))
    (waiting,) = wait_for_pending(shims)
    with open(shims.rules, encoding="utf-8") as stream:
        rules = stream.read()
    with open(shims.rules, "w", encoding="utf-8") as stream:
        stream.write(rules.replace("Ask first.", "Ask twice."))
    assert run(shims, "sh", "-c", "exit 0").returncode == 0  # the new rules are in force
    answer(shims, "approve", str(waiting["id"]))
    status, _, err = end(asking)
    assert status == 77
    assert "has changed meanwhile" in err
    assert not (tmp_path / "secret").exists()


def deny_touch(home: Home) -> None:
    """The rule that asks about touch denies from now on."""
    rules = Path(home.rules).read_text(encoding="utf-8")
    at = rules.index("action: require_approval", rules.index("ask-to-touch"))
    write(home.rules, rules[:at] + rules[at:].replace("require_approval", "deny", 1))


@pytest.mark.usefixtures("daemon")
def test_s7_what_became_denied_while_it_waited_is_denied(shims: Home, tmp_path: Path) -> None:
    waits = [("touch", str(tmp_path / "secret")), ("env", "A=1", "touch", str(tmp_path / "secret"))]
    asking = [start(shims, *words) for words in waits]
    waiting = wait_for_pending(shims, 2)
    deny_touch(shims)
    for entry, how in zip(waiting, ([], ["--for", "5m"]), strict=True):
        answer(shims, "approve", *how, str(entry["id"]))
    for process in asking:
        status, _, err = end(process)
        assert status == 126
        assert "denied by rule ask-to-touch" in err
    assert run(shims, *waits[1]).returncode == 126, "nor what was to be let pass for 5 minutes"
    assert not (tmp_path / "secret").exists()


@pytest.mark.config(CONFIG + "approval_timeout: 1s\n")
@pytest.mark.usefixtures("daemon")
def test_s7_nor_is_it_run_later_by_what_was_approved_before(shims: Home, tmp_path: Path) -> None:
    asking = start(shims, "touch", str(tmp_path / "secret"))
    (waiting,) = wait_for_pending(shims)
    asking.kill()
    end(asking)
    until(lambda: not pending(shims), "the withdrawal")
    assert "the next equal command runs" in answer(shims, "approve", str(waiting["id"]))
    deny_touch(shims)
    assert run(shims, "touch", str(tmp_path / "secret")).returncode == 126
    write(shims.rules, RULES + "  - {name: more, commands: [cat], action: deny, message: Not that.}\n")
    assert run(shims, "touch", str(tmp_path / "secret")).returncode == 77, "other rules: it is asked about again"


@pytest.mark.usefixtures("enrolled")
def test_s8_an_agents_shell_that_takes_its_marker_out_asks_as_an_agent(shims: Home, tmp_path: Path) -> None:
    asking = start(
        shims, "sh", "-c", f"unset TESTED_AGENT; touch {tmp_path}/secret; exit $?", env={"TESTED_AGENT": "1"}
    )
    (waiting,) = wait_for_pending(shims)
    with terminal(shims, SAFESHELL, "approvals", "approve", str(waiting["id"])) as person:
        person.expect(r"(?s)touch .*/secret.*by an agent.*PIN: ")  # who types it sees what for
        person.type("guess\r")
        person.expect("wrong PIN")
    with terminal(shims, SAFESHELL, "approvals", "approve", str(waiting["id"])) as person:
        person.expect("PIN: ")
        person.type(f"{PIN}\r")
        assert person.finish() == 0
    assert end(asking)[0] == 0
    assert (tmp_path / "secret").exists()


@pytest.mark.usefixtures("daemon")
def test_s10_nothing_of_a_repository_or_a_command_reaches_a_terminal_raw(shims: Home, tmp_path: Path) -> None:
    """Escapes, newlines, direction marks, blank letters and odd bytes: of paths, of rules and of words."""
    odd = "re\x1b[31mp\u202eo\u3164\nx\udcff"
    top = tmp_path / odd
    subprocess.run(["git", "init", "-q", top], check=True)
    rules = f'version: 1\nrules:\n  - {{name: n, commands: [sh], action: deny, message: "No.{chr(0x202E)}"}}\n'
    write(str(top / ".safeshell/rules.yaml"), rules, 0o600)
    texts = [run(shims, "sh", "-c", "true", cwd=str(top)).stderr.decode()]
    asking = start(shims, "touch", "secret\x1b[2J\u3164\n", cwd=str(top))
    wait_for_pending(shims)
    explained = ["check", "--explain", "--", "touch", "secret\x1b"]
    for words in (["approvals", "list"], ["check", "--", "sh", "x"], explained):
        texts += [safeshell(shims, *words, cwd=str(top)).stdout]
    asking.kill()
    texts.append(end(asking)[2])
    assert all(char.isprintable() or char == "\n" for text in texts for char in text)
    assert not any(char in text for text in texts for char in "\u3164\u202e")
    assert "re\\x1b[31mp\\u202eo\\u3164\\nx\\xff" in texts[0]
    assert "touch 'secret\\x1b[2J\\u3164\\n'" in texts[1]


def test_s10_a_number_of_the_daemon_before_is_nobodys(home: Home, shims: Home, tmp_path: Path) -> None:
    with running_daemon(home):
        asking = start(shims, "touch", str(tmp_path / "secret"))
        (first,) = wait_for_pending(shims)
    assert end(asking)[0] == 77
    with running_daemon(home):
        asking = start(shims, "touch", str(tmp_path / "secret-two"))
        (second,) = wait_for_pending(shims)
        assert f"nothing waits under {first['id']}" in answer(shims, "approve", str(first["id"]))
        assert second["id"] == first["id"] + 1
    assert end(asking)[0] == 77
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("daemon")
def test_u16_a_timeout_around_what_waits_ends_the_wait(shims: Home, tmp_path: Path) -> None:
    """Which a shim of `timeout` itself would not come to: the daemon counts for it."""
    assert os.path.exists(f"{shims.shims}/timeout")
    done = run(shims, "timeout", "0.2", "touch", str(tmp_path / "secret"), timeout=20)
    assert done.returncode == 77
    assert b"waiting up to 0 s" in done.stderr
    assert list(tmp_path.iterdir()) == []


# Remembered


@pytest.mark.config(CONFIG + "approval_timeout: 1s\n")
@pytest.mark.usefixtures("daemon")
def test_an_approval_that_comes_late_is_good_for_the_next_equal_command_once(shims: Home, tmp_path: Path) -> None:
    touch = ("touch", str(tmp_path / "secret"))
    assert run(shims, *touch).returncode == 77
    assert "the next equal command runs, once" in answer(shims, "approve", "1")
    assert run(shims, "touch", str(tmp_path / "secret2")).returncode == 77
    assert run(shims, *touch, env=AGENT).returncode == 77  # another who asks
    assert run(shims, *touch).returncode == 0
    assert (tmp_path / "secret").exists()
    assert run(shims, *touch).returncode == 77
    assert "nothing waits under 1" in answer(shims, "approve", "1")


def test_what_was_approved_is_one_decision(daemon: Daemon, shims: Home, tmp_path: Path) -> None:
    asking = start(shims, "touch", str(tmp_path / "secret"))
    (waiting,) = wait_for_pending(shims)
    answer(shims, "approve", str(waiting["id"]))
    assert end(asking)[0] == 0
    assert daemon.status()["requests"]["require_approval"] == 1


@pytest.mark.usefixtures("daemon")
def test_a_caller_that_gave_up_may_try_again(shims: Home, tmp_path: Path) -> None:
    asking = start(shims, "touch", str(tmp_path / "secret"))
    wait_for_pending(shims)
    asking.kill()
    end(asking)
    until(lambda: not pending(shims), "the withdrawal")
    answer(shims, "approve", "1")
    assert run(shims, "touch", str(tmp_path / "secret")).returncode == 0


@pytest.mark.usefixtures("daemon")
def test_for_5_minutes_is_this_very_command(shims: Home, tmp_path: Path) -> None:
    asking = start(shims, "touch", str(tmp_path / "secret"))
    (waiting,) = wait_for_pending(shims)
    answer(shims, "approve", "--for", "5m", str(waiting["id"]))
    assert end(asking)[0] == 0
    assert run(shims, "touch", str(tmp_path / "secret")).returncode == 0
    for command, cwd in ((("touch", str(tmp_path / "secret2")), None), (("touch", str(tmp_path / "secret")), "/")):
        other = start(shims, *command, cwd=cwd)
        wait_for_pending(shims)
        other.kill()
        end(other)
        until(lambda: not pending(shims), "the withdrawal")


@pytest.mark.usefixtures("daemon")
def test_a_prefix_is_never_the_first_word_alone(shims: Home, tmp_path: Path) -> None:
    asking = start(shims, "env", "A=1", "touch", "-c", str(tmp_path / "secret"))
    (waiting,) = wait_for_pending(shims)
    assert waiting["prefix_min"] == 4
    number = str(waiting["id"])
    assert "at least 4 words" in answer(shims, "approve", "--for", "5m", "--prefix", "3", number)
    assert "approved" in answer(shims, "approve", "--for", "5m", "--prefix", "4", number)
    assert end(asking)[0] == 0
    assert run(shims, "env", "A=1", "touch", "-c", str(tmp_path / "secret-two")).returncode == 0


@pytest.mark.usefixtures("daemon")
def test_for_this_session_is_no_other_session(shims: Home, tmp_path: Path) -> None:
    touch = shlex.join(["touch", str(tmp_path / "secret")])
    asking = start(shims, "/bin/sh", "-c", f"{touch} && {touch} && echo twice")
    (waiting,) = wait_for_pending(shims)
    answer(shims, "approve", "--for", "session", str(waiting["id"]))
    assert end(asking)[:2] == (0, "twice\n")
    other = start(shims, "touch", str(tmp_path / "secret"))
    wait_for_pending(shims)
    other.kill()
    end(other)


@pytest.mark.parametrize("execution", ["auto", "in_place"])
@pytest.mark.parametrize(
    "command",
    [
        ["env", "A=1", "timeout", "10", "touch", "{}"],
        ["sh", "-c", "exec env timeout 10 touch {}"],
        ["xargs", "-a", "/dev/null", "touch", "{}"],
    ],
)
def test_inside_of_what_was_approved_nothing_is_asked_again(
    homes: Any, execution: str, command: list[str], tmp_path: Path
) -> None:
    home = homes(RULES, CONFIG + f"execution: {execution}\n")
    sync_shims(home)
    with running_daemon(home):
        path = str(tmp_path / "secret")
        asking = start(home, *[word.replace("{}", path) for word in command])
        (waiting,) = wait_for_pending(home)
        answer(home, "approve", str(waiting["id"]))
        assert end(asking)[0] == 0
        assert os.path.exists(path)


# Who may answer


CLEAN = "env -i HOME=$HOME SAFESHELL_HOME=$SAFESHELL_HOME PATH=$PATH"

ATTEMPTS = {
    "plainly": ("{approve}", "no terminal"),
    "at a terminal of its own": ("script -qec '{approve}' /dev/null", "agent"),
    "without its environment": (f"{CLEAN} script -qec '{{approve}}' /dev/null", "agent"),
    "in a session of its own": (f"setsid -f -w script -qec '{CLEAN} {{approve}}' /dev/null", "agent"),
    "as nobody's child": (
        f"{CLEAN} setsid -f script -qc '{{approve}} --pin-stdin </dev/null' {{log}}",
        "takes the PIN",
    ),
    "in another's terminal": (
        f"{CLEAN} tmux -S {{log}}.socket new-session -d '{{approve}} --pin-stdin </dev/null >{{log}} 2>&1'",
        "takes the PIN",
    ),
}
"""What an agent may try, and what it is told."""


@pytest.mark.parametrize(("script", "reason"), ATTEMPTS.values(), ids=ATTEMPTS)
@pytest.mark.usefixtures("enrolled")
def test_an_agent_cannot_approve_its_own_request(shims: Home, tmp_path: Path, script: str, reason: str) -> None:
    if "tmux" in script:
        need("tmux")
    log = str(tmp_path / "log")
    waits = f"touch {tmp_path}/secret & "
    agent = start(shims, "/bin/sh", "-c", waits + "cat; wait $!; exit $?", env=AGENT)
    (waiting,) = wait_for_pending(shims)
    (tmp_path / "safeshell").symlink_to(SAFESHELL)  # by a name that needs no quotes
    attempt = script.format(approve=f"{tmp_path}/safeshell approvals approve {waiting['id']}", log=log)
    done = subprocess.run(
        ["/bin/sh", "-c", attempt],
        env={**environment(shims, AGENT), "PATH": PATH},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        start_new_session=True,
    )

    def said() -> str:
        heard = done.stdout + done.stderr
        if os.path.exists(log):
            with open(log, encoding="utf-8", errors="replace") as stream:
                heard += stream.read()
        return heard if "Error" in heard or "safeshell:" in heard else ""

    assert reason in until(said, "a refusal")
    assert [entry["id"] for entry in pending(shims)] == [waiting["id"]]
    assert not (tmp_path / "secret").exists()

    def recorded() -> bool:
        refusals = [record for record in records(shims) if record.get("kind") == "refused-approval"]
        return any(reason in record["approval"]["refused"] for record in refusals)

    until(recorded, f"a record of {reason}")
    os.killpg(agent.pid, signal.SIGTERM)
    end(agent)


@pytest.mark.usefixtures("daemon")
def test_the_session_of_who_asks_cannot_answer_for_a_person_either(shims: Home) -> None:
    with terminal(shims, "/bin/bash", "--norc", "-i", env={"PATH": f"{shims.shims}:{PATH}", "PS1": "$ "}) as shell:
        shell.expect(r"\$ ")
        shell.type("touch secret &\r")
        (waiting,) = wait_for_pending(shims)
        shell.type(shlex.join([SAFESHELL, "approvals", "approve", str(waiting["id"])]) + "\r")
        shell.expect("in the session of who asked")
        shell.type("kill %1; wait; exit 0\r")
        assert shell.finish() == 0


# Telling of it


def test_notify_is_told_and_counts_as_reach(homes: Any, tmp_path: Path) -> None:
    told = tmp_path / "told"
    teller = tmp_path / "teller"
    teller.write_text(f"#!/bin/sh\ncat >{told}.new && mv {told}.new {told}\n")
    teller.chmod(0o755)
    home = homes(RULES, CONFIG + f"notify: {teller}\n")
    sync_shims(home)
    with running_daemon(home) as daemon:
        asking = start(home, "touch", "secret", env=AGENT)
        until(told.exists, "the notification")
        content = json.loads(told.read_text())
        assert content["argv"] == ["touch", "secret"]
        assert content["message"] == "Ask first."
        asking.kill()
        end(asking)
        until(lambda: not pending(home), "the withdrawal")
        assert daemon.status()["notify"]["failures"] == 0


def test_a_notification_that_fails_is_counted(homes: Any) -> None:
    home = homes(RULES, CONFIG + "notify: 'false'\n")
    sync_shims(home)
    with running_daemon(home) as daemon:
        asking = start(home, "touch", "secret")
        until(lambda: daemon.status()["notify"]["failures"] == 1, "the failure")
        assert daemon.status()["notify"]["error"] == "ended with 1"
        asking.kill()
        end(asking)


def test_a_daemon_that_ends_lets_nobody_wait(daemon: Daemon, shims: Home) -> None:
    asking = start(shims, "touch", "secret")
    wait_for_pending(shims)
    assert safeshell(shims, "daemon", "stop").returncode == 0
    status, _, err = end(asking)
    assert status == 77
    assert "run it again" in err
    daemon.wait()


def test_init_offers_a_pin(homes: Any) -> None:
    home = homes(RULES, CONFIG)
    try:
        with terminal(home, SAFESHELL, "init") as person:
            person.expect(r"Set it now\? \[y/N\]: ")
            person.type("y\r")
            for prompt in ("New PIN: ", "Again: "):
                person.expect(prompt)
                person.type(f"{PIN}\r")
            person.expect("the PIN is set")
            assert person.finish() == 0
        assert os.stat(home.pin).st_mode & 0o777 == 0o600
        with terminal(home, SAFESHELL, "init") as person:
            person.finish()
            assert b"Set it now" not in person._shown
    finally:
        assert safeshell(home, "daemon", "stop", "--now").returncode == 0


@pytest.mark.needs("curl")
def test_a_webhook_is_told(homes: Any) -> None:
    """What a chat takes: curl posts the request to a server."""
    told: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        home = homes(
            RULES, CONFIG + f"notify: [curl, -sS, --data-binary, '@-', -H, 'Content-Type: application/json', '{url}']\n"
        )
        sync_shims(home)
        with running_daemon(home) as daemon:
            asking = start(home, "touch", "secret", env=AGENT)
            until(lambda: told, "the webhook")
            asking.kill()
            end(asking)
            until(lambda: not pending(home) and not daemon.status()["running"], "the end")
            assert daemon.status()["notify"]["failures"] == 0
        server.shutdown()
        serving.join()
    assert told[0]["command"] == "touch secret"


def test_s10_a_command_of_megabytes_is_shown_in_part_and_can_not_be_approved(daemon: Daemon, shims: Home) -> None:
    asking = start(shims, "touch", "-c", "secret", *["x" * 100_000] * 10)
    (waiting,) = wait_for_pending(shims)
    assert waiting["argv"][:3] == ["touch", "-c", "secret"]
    assert len(json.dumps(waiting)) < 300_000
    assert waiting["cut"]
    assert "can't be approved" in answer(shims, "approve", str(waiting["id"]))
    asking.kill()
    end(asking)
    until(lambda: daemon.status()["approvals"]["pending"] == 0, "the withdrawal")
