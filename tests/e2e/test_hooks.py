"""Agents' hooks for real: the hook program, a daemon, and what the agent is told."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from e2e.terminal import Terminal
from harness import MARKER, PATH, SAFESHELL, Daemon, enroll, environment, running_daemon, until, write
from hooks.envelopes import SAMPLES, claude
from needs import need

from safeshell.client import approvals, connect, execute
from safeshell.home.paths import Home
from safeshell.install.native import native_hook
from safeshell.protocol import Hooked, Reply, ReplyReceiver, encode_hook

RULES = """\
version: 1
rules:
  - {name: precious, commands: [rm], conditions: [{command_contains: precious}], action: deny, message: Precious.}
  - {name: ask, commands: [touch], conditions: [{command_contains: secret}], action: require_approval, message: Ask.}
  - name: trash
    commands: [rm]
    conditions: [{command_contains: build}]
    action: redirect
    redirect_to: safeshell-trash $ARGS
    message: Moved to the trash instead.
  - {name: not-bin, commands: [safeshell-trash], conditions: [{command_contains: bin}], action: deny, message: No.}
  - name: prod
    commands: [head]
    conditions: [{env_equals: {variable: PROD, value: "1"}}]
    action: deny
    message: Not there.
  - {name: not-codex, commands: [ls], conditions: [{agent_in: [codex]}], action: deny, message: Not you.}
"""
PIN = "correct horse"

pytestmark = pytest.mark.rules(RULES)


class Told:
    """How a hook ended, as Claude Code and Codex take it; what Claude Code asks its person about is held up, too."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.status, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr.decode()
        answer = json.loads(done.stdout)["hookSpecificOutput"] if done.stdout else {}
        self.reason = answer.get("permissionDecisionReason", "")
        self.denied = answer.get("permissionDecision") in ("deny", "ask")
        assert self.status == 0
        assert self.denied == bool(done.stdout)


Ask = Callable[..., Told]


def command() -> str:
    path = native_hook()
    if path is None:
        need("cc")
    return str(path)


@pytest.fixture
def ask(daemon: Daemon) -> Ask:
    """Has a hook ask about a line, or send an envelope."""

    def run(line: str = "", agent: str = "claude-code", **more: Any) -> Told:
        return Told(call(daemon.home, agent, more.pop("envelope", None) or claude()(line, daemon.home.root), **more))

    return run


def call(
    home: Home, agent: str, envelope: Any, *, path: str = PATH, cwd: str = "/", **variables: str
) -> subprocess.CompletedProcess[bytes]:
    data = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
    env = {**environment(home), "PATH": path, **variables}
    return subprocess.run(
        ["timeout", "60", command(), agent],  # in the place of an agent, whose environment counts
        input=data,
        env=env,
        cwd=cwd,
        capture_output=True,
        start_new_session=True,  # else a person at this terminal is one of who asks
        timeout=60,
        check=False,
    )


def records(home: Home, count: int) -> list[dict[str, Any]]:
    """The audit log, once it has so many records."""

    def look() -> list[dict[str, Any]]:
        lines = Path(home.audit).read_text(encoding="ascii").splitlines() if os.path.exists(home.audit) else []
        return [json.loads(line) for line in lines] if len(lines) >= count else []

    found: list[dict[str, Any]] = until(look, f"{count} records")
    return found


@pytest.mark.parametrize("agent", ["claude-code", "codex"])
def test_a_line_is_let_through_in_silence_or_denied_with_its_rule(ask: Ask, daemon: Daemon, agent: str) -> None:
    assert not ask("cd /tmp && echo precious", agent).denied
    told = ask("cd /tmp && rm -f precious", agent)
    assert told.reason == f"safeshell: denied by rule precious ({daemon.home.rules}:3): Precious."
    assert told.stderr == ""
    record = records(daemon.home, 1)[-1]
    assert (record["kind"], record["decision"], record["rule"], record["agent"], record["context"]) == (
        *("line", "deny", "precious", agent, "ai"),
    )
    assert (record["hook"], record["argv"]) == ({"tool": "Bash", "session": "s"}, ["cd /tmp && rm -f precious"])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.agent)
def test_every_agent_gets_an_answer(daemon: Daemon, sample: Any) -> None:
    stdout, stderr, status = sample.denied
    done = call(daemon.home, sample.agent, sample.make("rm precious", "/"))
    assert (bool(done.stdout), bool(done.stderr), done.returncode) == (stdout is not None, stderr, status)
    assert b"denied by rule precious" in (done.stderr if stderr else done.stdout)
    done = call(daemon.home, sample.agent, sample.make("true", "/"))
    assert (done.stderr, done.returncode) == (b"", 0)
    assert (json.loads(done.stdout) if done.stdout else None) == sample.allowed


def test_the_agent_is_the_hooks_whatever_the_environment_says(ask: Ask) -> None:
    assert ask("ls", "codex").denied
    assert not ask("ls", "claude-code", CODEX_CI="1", **{MARKER: "1"}).denied


def test_a_line_is_judged_by_the_rules_where_it_runs(ask: Ask, daemon: Daemon, tmp_path: Path) -> None:
    write(
        str(tmp_path / ".safeshell/rules.yaml"),
        "version: 1\nrules:\n  - {name: here, commands: [cat], action: deny, message: Not here.}\n",
    )
    os.chmod(tmp_path, 0o700)
    os.symlink(tmp_path, f"{daemon.home.root}/link")
    assert ask(envelope=claude()("cat x", f"{daemon.home.root}/link")).reason.endswith("Not here.")
    assert not ask(envelope=claude()("cat x", "/")).denied
    assert ask(envelope=claude()(f"cd {tmp_path}; cat x", "/")).denied
    assert ask(envelope=claude()("cat x", ""), cwd=str(tmp_path)).denied


def test_only_what_a_hook_can_know_is_known(ask: Ask) -> None:
    assert ask("rm ~/precious").denied
    assert ask('rm "$HOME/x"', HOME="/precious").denied
    told = ask('rm "$WHAT"', WHAT="x")
    assert "only-the-run-can-tell requires approval" in told.reason
    assert "Write the value itself" in told.reason


def test_a_variable_of_the_hooks_is_none_of_the_lines(ask: Ask, daemon: Daemon) -> None:
    for variables in ({"PROD": "1"}, {}):
        told = ask("head x", **variables)
        assert "only-the-run-can-tell requires approval" in told.reason
        assert (
            f"Only the run can tell the value of PROD, and with it `head` could be what rule prod ({daemon.home.rules}"
            in (told.reason)
        )
    assert not ask("PROD=0 head x").denied
    assert "rule prod" in ask("PROD=1 head x").reason
    assert not ask("env -i PROD=0 head x; tail x").denied


@pytest.mark.usefixtures("shims")
def test_behind_shims_the_run_tells_but_not_where_an_agent_leaves_them(ask: Ask, daemon: Daemon) -> None:
    behind = f"{daemon.home.shims}:{PATH}"
    assert not ask('rm "$WHAT"; head x', path=behind).denied
    assert ask('/bin/rm "$WHAT"', path=behind).denied
    assert ask('rm "$WHAT"', "codex", path=behind).denied
    assert ask('rm "$WHAT"', "vscode", path=behind).denied  # nobody has seen which PATH its lines have
    assert not ask('rm "$WHAT"', "codex", path=behind, BASH_ENV=f"{daemon.home.shell}/bash_env").denied


@pytest.mark.usefixtures("shims")
def test_a_redirect_is_the_shims_or_is_told(ask: Ask, daemon: Daemon) -> None:
    told = ask("ls; rm -rf build 'a b'")
    assert told.reason == (
        f"safeshell: not run by rule trash ({daemon.home.rules}:5): Moved to the trash instead. "
        "Run this instead: safeshell-trash -rf build 'a b'"
    )
    assert not ask("rm -rf build", path=f"{daemon.home.shims}:{PATH}").stdout
    assert "Run this instead" not in ask("rm -rf build $X").reason


TRASH = shlex.quote(os.path.join(os.path.dirname(SAFESHELL), "safeshell-trash"))


@pytest.mark.parametrize(
    ("agent", "answer"),
    [
        ("claude-code", {"hookSpecificOutput": {"hookEventName": "PreToolUse", "updatedInput": "INPUT"}}),
        ("gemini", {"hookSpecificOutput": {"tool_input": "INPUT"}}),
        ("opencode", {"args": "INPUT"}),
        ("cline", {"cancel": False, "overrideInput": "INPUT"}),
        ("copilot", {"modifiedArgs": "INPUT"}),
    ],
)
def test_one_plain_command_is_rewritten_in_the_agents_own_field(daemon: Daemon, agent: str, answer: Any) -> None:
    sample = next(
        each for each in SAMPLES if each.agent == agent and (agent != "copilot" or "toolArgs" in each.make("", ""))
    )
    envelope = sample.make("rm -rf build 'a b'", daemon.home.root)
    done = call(daemon.home, agent, envelope)
    where = {"opencode": ("args",), "cline": ("tool_call", "input"), "copilot": ("toolArgs",)}.get(
        agent, ("tool_input",)
    )
    for key in where:
        envelope = envelope[key]
    line = f"{TRASH} -rf build 'a b'"
    wanted = {**envelope, **({"commands": [line]} if agent == "cline" else {"command": line})}
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert told == json.loads(json.dumps(answer).replace('"INPUT"', json.dumps(wanted)))


@pytest.mark.parametrize(
    "line",
    [
        *("ls; rm -rf build", "A=1 rm -rf build", "rm -rf build > out", "sudo rm -rf build", "time rm -rf build"),
        *("rm -rf build &", "(rm -rf build)", "rm -rf build*", 'rm -rf build "$HOME"', "rm -rf build \\\n x"),
    ],
)
def test_what_is_more_than_one_plain_command_is_denied(ask: Ask, line: str) -> None:
    assert ask(line).denied


def test_a_rewritten_line_that_rules_restrict_is_denied(ask: Ask) -> None:
    assert ask("rm -rf build/bin").reason.endswith("-rf build/bin")


def test_other_tools_are_let_alone(ask: Ask, daemon: Daemon) -> None:
    assert not ask(envelope=claude("Glob")("rm precious", "/")).denied
    assert daemon.idle()["requests"]["total"] == 0


BROKEN = {"broken": b"{", "empty": b"", "unknown": b'{"toolCalls": []}', "twice": b'{"tool_name": 1, "tool_name": 2}'}


@pytest.mark.parametrize("envelope", BROKEN.values(), ids=BROKEN)
def test_what_isnt_understood_is_denied_recorded_and_named(ask: Ask, daemon: Daemon, envelope: bytes) -> None:
    told = ask(envelope=envelope or b" ", agent="codex")
    assert told.reason.startswith("safeshell: what codex sends can't be understood: ")
    record = records(daemon.home, 1)[-1]
    assert (record["kind"], record["agent"]) == ("error", "codex")
    assert record["error"] in told.reason
    assert daemon.status()["hooks"]["codex"]["unknown"] in record["error"]


def test_ten_megabytes_stop_nobody(ask: Ask, daemon: Daemon) -> None:
    ask("true")
    large = {**claude()("rm precious", "/"), "tool_response": "\\" * (7 << 20)}
    found: list[Told] = []
    thread = threading.Thread(target=lambda: found.append(ask(envelope=large)))
    thread.start()
    asked = 0
    while thread.is_alive():
        assert execute(["rm", "precious"], env={"PATH": PATH}, home=daemon.home).returncode == 126
        asked += 1
    thread.join()
    assert found[0].denied
    assert asked > 1
    told = ask("echo " + "x" * (300 << 10))
    assert told.reason == (
        "safeshell: this line can't be judged: it is longer than 256 KiB. Put what is long into a file."
    )


def test_a_line_beyond_the_limits_is_denied(ask: Ask) -> None:
    assert "line-overrun" in ask("echo " + "$(" * 80 + ")" * 80).reason


def test_without_rules_nothing_runs(homes: Callable[..., Home]) -> None:
    home = homes()
    os.unlink(home.tables)
    write(home.rules, "version: 2\n")
    with running_daemon(home):
        told = Told(call(home, "claude-code", claude()("ls", "/")))
    assert told.reason.startswith("safeshell: no rules are in force: ")


# People


def test_nobody_within_reach_is_said_with_the_rule(ask: Ask, daemon: Daemon) -> None:
    told = ask("touch secret", "codex")  # which has no prompt of its own
    assert told.reason == (
        f"safeshell: rule ask ({daemon.home.rules}:4) requires approval, and nobody who could give it is within reach: "
        "Ask. (ask the person you work for to run it or to start `safeshell monitor`; then try again)"
    )


def person(home: Home, *words: str) -> Terminal:
    """`safeshell approvals …` at a terminal, with the PIN."""
    shown = Terminal(SAFESHELL, "approvals", *words, env={**environment(home), "PATH": PATH}, cwd=home.root)
    shown.expect("PIN: ")
    shown.type(f"{PIN}\r")
    return shown


def waiting(home: Home) -> dict[str, Any]:
    found: list[dict[str, Any]] = until(lambda: approvals({"do": "list"}, home=home)["pending"], "one that waits")
    return found[0]


def start(home: Home, line: str, agent: str = "claude-code", envelope: Any = None) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [command(), agent],
        env={**environment(home), "PATH": PATH},
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(envelope or claude()(line, home.root)).encode())
    process.stdin.close()
    process.stdin = None
    return process


def end(process: subprocess.Popen[bytes]) -> Told:
    out, err = process.communicate(timeout=30)
    return Told(subprocess.CompletedProcess([], process.returncode, out, err))


@pytest.fixture
def enrolled(daemon: Daemon) -> Home:
    enroll(daemon.home, PIN)
    return daemon.home


def test_a_line_waits_for_a_person(enrolled: Home) -> None:
    process = start(enrolled, "ls; touch secret")
    shown = waiting(enrolled)
    assert (shown["argv"], shown["rule"], shown["context"]) == (["ls; touch secret"], "ask", "ai")
    assert (shown["command"], shown["subject"]) == ("ls; touch secret", "touch secret")
    assert shown["cwd"] == os.path.realpath(enrolled.root)
    with person(enrolled, "approve", str(shown["id"])) as by:
        by.finish()
    told = end(process)
    assert (told.denied, told.stderr) == (False, "")


def test_a_person_may_deny_with_words(enrolled: Home) -> None:
    process = start(enrolled, "touch secret")
    with person(enrolled, "deny", str(waiting(enrolled)["id"]), "not", "today") as by:
        by.finish()
    assert end(process).reason.endswith("requires approval, and a person denied it: not today")


@pytest.mark.config("approval_timeout: 1s\n")
def test_what_ran_out_of_time_is_approved_for_the_same_line_once(enrolled: Home, ask: Ask) -> None:
    told = ask("touch secret")
    number = records(enrolled, 1)[-1]["approval"]["id"]
    assert told.reason.endswith(
        "requires approval, and none came in 1 s: Ask. A person can still approve it within 10 minutes, by "
        f"`safeshell approvals approve {number}` in a terminal of their own. Run the same line again once they have."
    )
    with person(enrolled, "approve", str(number)) as by:
        by.finish()
    assert ask("touch secret; ls").denied
    assert ask("touch secret", "qwen", envelope=claude("run_shell_command")("touch secret", enrolled.root)).denied
    assert ask(envelope=claude()("touch secret", "/")).denied
    assert not ask("touch secret").denied
    assert ask("touch secret").denied


# Who speaks the protocol by itself


def told_by_protocol(home: Home, passed: int) -> bytes:
    """What is answered to who passes this as an envelope."""
    directory = os.open("/", os.O_PATH)
    with connect(home) as sock:
        socket.send_fds(sock, [encode_hook(Hooked("opencode", b"\0", None))], [passed, directory])
        os.close(directory)
        sock.settimeout(30)
        answer = b""
        while more := sock.recv(1 << 16):
            answer += more
    (frame,) = ReplyReceiver().feed(answer)
    assert (frame.kind, frame.payload[:4]) == (Reply.ANSWER, b"\2\0\0\0")
    return frame.payload[8:]


def test_what_is_passed_for_an_envelope_is_a_file_and_not_too_long(daemon: Daemon) -> None:
    reader, writer = os.pipe()
    try:
        assert b"it can't be read: Invalid argument" in told_by_protocol(daemon.home, reader)
    finally:
        os.close(reader)
        os.close(writer)
    with os.fdopen(os.memfd_create("large"), "wb") as large:
        os.ftruncate(large.fileno(), 1 << 40)
        assert b"it is longer than 16 MiB" in told_by_protocol(daemon.home, large.fileno())
    assert daemon.status()["lines"]["restarts"] == 0
