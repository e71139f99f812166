"""The hook program by itself: whatever happens to it, the agent is told in its own form that the line does not run."""

from __future__ import annotations

import json
import os
import resource
import shlex
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ccode import hooks
from hooks.envelopes import SAMPLES
from shims.conftest import SHIMS
from shims.fake_daemon import WAITING, Connection, FakeDaemon, frame, notice, refused

from safeshell.hooks.agent import NAMES, QUOTED, REASON, agent_of

Hook = Callable[..., subprocess.CompletedProcess[bytes]]

ANSWER = 12


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("hook") / "safeshell-hook")
    assert not hooks().compile_hook(SHIMS, path)
    return path


@pytest.fixture
def hook(program: str, home: str) -> Hook:
    """Runs the program for an agent, in a home without a daemon."""

    def run(
        *words: str, envelope: bytes = b"{}", env: dict[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[bytes]:
        environment = {"SAFESHELL_HOME": home, "PATH": "/usr/bin:/bin", **(env or {})}
        given = {"input": envelope, "capture_output": True, "timeout": 30, "env": environment, **options}
        return subprocess.run([program, *words], check=False, **given)

    return run


def is_denied(name: str, done: subprocess.CompletedProcess[bytes], why: bytes) -> bool:
    """Whether an agent takes this for a denial that says why, by its own file."""
    agent = agent_of(name)
    assert agent is not None
    closed = agent.closed
    if closed.stdout is None:
        return (done.stdout, done.returncode) == (b"", 2) and why in done.stderr
    reason = done.stderr.decode("ascii").strip()
    expected = json.dumps(closed.stdout).replace(REASON, reason).replace(QUOTED, f"'{reason}'")
    return (json.loads(done.stdout), done.returncode) == (json.loads(expected), closed.status) and why in done.stderr


def answer(status: int, stdout: bytes, stderr: bytes = b"") -> bytes:
    return frame(ANSWER, struct.pack("<iI", status, len(stdout)) + stdout + stderr)


class Daemon(FakeDaemon):
    """A daemon that is asked by a hook, and answers by a script."""

    def converse(self, connection: Connection) -> None:
        _magic, _version, self.kind, self.flags, length = struct.unpack("<4sBBHI", connection.take(12))
        body = connection.take(length)
        name, environment = struct.unpack("<II", body[:8])
        self.agent, self.environment = body[8 : 8 + name], body[8 + name :][:environment].split(b"\0")[:-1]
        self.envelope = body[8 + name + environment :]
        if self.flags & 128:
            with os.fdopen(connection.fds.pop(0), "rb") as passed:
                passed.seek(0)
                self.envelope = passed.read()
        self.directories = [os.readlink(f"/proc/self/fd/{fd}") for fd in connection.fds]
        for step in self.steps:
            if isinstance(step, bytes):
                connection.send(step)
            else:
                step(connection)


@pytest.mark.parametrize("name", NAMES)
def test_without_a_daemon_each_agent_is_told(hook: Hook, home: str, name: str) -> None:
    done = hook(name)
    assert is_denied(name, done, b"this line does not run, for the daemon cannot be reached (")
    assert f"{home}/daemon.sock: No such file or directory".encode() in done.stderr


def test_the_line_that_tells_why_is_one_that_a_shell_takes(hook: Hook) -> None:
    line = json.loads(hook("cline").stdout)["overrideInput"]["commands"][0]
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (126, hook("cline").stderr)
    assert shlex.split(line)[0] == "printf"


@pytest.mark.parametrize("name", NAMES)
def test_where_the_settings_say_so_it_goes_on_as_without_a_hook(hook: Hook, home: str, name: str) -> None:
    Path(home, "client.conf").write_text("unreachable_ai=allow\nunreachable_human=deny\n", encoding="ascii")
    done = hook(name)
    allowed = next(sample.allowed for sample in SAMPLES if sample.agent == name)
    assert done.returncode == 0
    assert (json.loads(done.stdout) if done.stdout else None) == allowed
    assert done.stderr.startswith(b"safeshell: this line runs unguarded, for the daemon cannot be reached (")
    assert done.stderr.count(b"\n") == 1


def test_what_people_may_do_is_no_agents(hook: Hook, home: str) -> None:
    Path(home, "client.conf").write_text("unreachable_ai=deny\nunreachable_human=allow\n", encoding="ascii")
    assert is_denied("codex", hook("codex"), b"does not run")


@pytest.mark.parametrize("words", [(), ("nobody",), ("codex", "x"), ("",)])
def test_who_calls_it_otherwise_is_blocked(hook: Hook, words: tuple[str, ...]) -> None:
    done = hook(*words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith((b"safeshell: usage: ", b"safeshell: there is no agent `"))


def test_what_an_agent_sends_has_a_limit(hook: Hook) -> None:
    assert is_denied("copilot", hook("copilot", envelope=b" " * ((16 << 20) + 1)), b"is longer than 16 MiB")


def test_a_closed_input_denies(hook: Hook) -> None:
    done = hook("codex", input=None, stdin=None, preexec_fn=lambda: os.close(0))
    assert is_denied("codex", done, b"cannot read what the agent sends")


def test_an_answer_that_cant_be_written_blocks(hook: Hook, home: str) -> None:
    with open("/dev/full", "wb") as full:
        assert hook("copilot", capture_output=False, stdout=full, stderr=subprocess.DEVNULL).returncode == 2
        with Daemon(home, answer(0, b"{}")):
            assert hook("copilot", capture_output=False, stdout=full, stderr=subprocess.DEVNULL).returncode == 2


def test_no_memory_denies(hook: Hook) -> None:
    few = (4 << 20, 4 << 20)
    done = hook("codex", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, few))
    assert is_denied("codex", done, b"no memory")


@pytest.mark.parametrize("size", [0, 2, 32 << 10, (32 << 10) + 1, 10 << 20])
def test_the_daemon_is_told_all_and_its_answer_is_given(hook: Hook, home: str, size: int) -> None:
    envelope = os.urandom(size)
    variables = {"HOME": "/home/a", "SHELL": "/bin/zsh", "USER": "", "SECRET": "x"}
    with Daemon(home, notice(b"said\n"), WAITING, answer(7, b"o\0ut", b"err")) as daemon:
        done = hook("gemini", envelope=envelope, env=variables, cwd="/usr")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"o\0ut", b"said\nerr")
    assert (daemon.kind, daemon.agent, daemon.envelope) == (12, b"gemini", envelope)
    assert daemon.directories == ["/usr"]
    assert sorted(daemon.environment) == [b"HOME=/home/a", b"PATH=/usr/bin:/bin", b"SHELL=/bin/zsh", b"USER="]


NONSENSE = {
    "nothing": b"",
    "half a header": b"\x0c\0\0",
    "half an answer": answer(0, b"x" * 50)[:-10],
    "a frame of another kind": frame(4, bytes(4)),
    "a short answer": frame(ANSWER, bytes(7)),
    "an answer that is longer than it is": frame(ANSWER, struct.pack("<iI", 0, 5) + b"1234"),
    "a status that is none": frame(ANSWER, struct.pack("<iI", 256, 0)),
    "a frame of gigabytes": struct.pack("<BBHI", ANSWER, 0, 0, 0xFFFFFFFF),
}


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE)
@pytest.mark.parametrize("name", ["claude-code", "antigravity"])
def test_nonsense_is_no_answer(hook: Hook, home: str, name: str, said: bytes) -> None:
    with Daemon(home, said):
        assert is_denied(name, hook(name), b"this line does not run, for the ")
        Path(home, "client.conf").write_text("unreachable_ai=allow\n", encoding="ascii")
        assert hook(name).returncode == 0


@pytest.mark.parametrize("name", ["codex", "cline", "antigravity"])
def test_a_refusal_denies_whatever_the_settings_say(hook: Hook, home: str, name: str) -> None:
    Path(home, "client.conf").write_text("unreachable_ai=allow\n", encoding="ascii")
    with Daemon(home, refused(125, b"safeshell: there is no request of type 12\n")):
        done = hook(name)
    assert is_denied(name, done, b"safeshell: this line does not run, for it cannot be judged: there is no request of")


def test_what_a_refusal_says_cant_break_out_of_the_answer(hook: Hook, home: str) -> None:
    with Daemon(home, refused(125, b"a\"b'c\\d\x01\xff" + b"x" * 10_000)):
        told = json.loads(hook("cline").stdout)
    assert told["overrideInput"]["commands"][0].count("'") == 4
    assert "a?b?c?d??xxx" in told["overrideInput"]["commands"][0]


def test_beside_the_home_it_finds_it(program: str, home: str) -> None:
    os.mkdir(f"{home}/hooks")
    path = shutil.copy(program, f"{home}/hooks/safeshell-hook")
    with Daemon(home, answer(0, b"here")):
        done = subprocess.run([path, "codex"], input=b"", env={}, capture_output=True, check=False)
    assert done.stdout == b"here"


def test_a_daemon_that_hangs_is_none(hook: Hook, home: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{home}/daemon.sock")
        listener.listen()
        done = hook("codex")
    assert is_denied("codex", done, b"the daemon does not answer")
