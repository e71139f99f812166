"""The daemon from Python: exact bytes, exact endings, and what is refused."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from harness import PATH, Daemon, write

from safeshell.client import control, evaluate, execute
from safeshell.errors import ProtocolError, SafeShellError, UnreachableError
from safeshell.home.paths import Home
from safeshell.protocol import Type

ENV = {"PATH": PATH}

RULES = """\
version: 1
rules:
  - {name: no-precious, commands: [rm], conditions: [{command_contains: precious}], action: deny, message: Precious.}
  - {name: brief, commands: [sleep], action: allow, timeout: 100ms, message: Brief.}
  - {name: on-request, commands: [touch], conditions: [{command_contains: secret}], action: require_approval,
     message: Ask.}
  - {name: in-ci, commands: [echo], conditions: [{env_equals: {variable: CI, value: "1"}}], action: deny, message: CI.}
"""

pytestmark = pytest.mark.rules(RULES)


@pytest.mark.shared
def test_both_streams_come_back_byte_for_byte(daemon: Daemon, tmp_path: Path) -> None:
    every = bytes(range(256)) * 3
    (tmp_path / "every").write_bytes(every)
    script = 'cat "$0"; printf "no newline \\377"; cat "$0" >&2; printf "\\n" >&2'
    done = execute(["sh", "-c", script, str(tmp_path / "every")], env=ENV, home=daemon.home)
    assert (done.stdout, done.stderr) == (every + b"no newline \xff", every + b"\n")
    assert (done.returncode, done.ran, done.timed_out, done.message) == (0, True, False, "")


@pytest.mark.shared
def test_arguments_and_environment_arrive_byte_for_byte(daemon: Daemon) -> None:
    words = [b"", b"a b", b"'\"$HOME`id`;*\n", b"\xff\xfe", "é".encode(), b"-n"]
    done = execute(["printf", b"%s\\0", *words], env=ENV, home=daemon.home)
    assert done.stdout == b"".join(word + b"\0" for word in words)
    odd = {**ENV, "EMPTY": "", "LINES": "a\nb", "BYTES": os.fsdecode(b"\xff")}
    done = execute(["env", "-0"], env=odd, home=daemon.home)
    assert done.stdout == b"".join(os.fsencode(f"{name}={value}\0") for name, value in odd.items())


@pytest.mark.shared
def test_the_callers_directory_is_the_commands(daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert execute(["pwd", "-P"], env=ENV, home=daemon.home).stdout == os.fsencode(tmp_path) + b"\n"


@pytest.mark.shared
def test_stdin_is_empty(daemon: Daemon) -> None:
    assert execute(["cat"], env=ENV, home=daemon.home).stdout == b""


@pytest.mark.parametrize("status", [0, 1, 2, 77, 125, 126, 127, 255])
@pytest.mark.shared
def test_the_exit_status_is_the_commands(daemon: Daemon, status: int) -> None:
    done = execute(["sh", "-c", f"exit {status}"], env=ENV, home=daemon.home)
    assert (done.returncode, done.ran) == (status, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGPIPE])
@pytest.mark.shared
def test_death_by_a_signal_is_told(daemon: Daemon, number: signal.Signals) -> None:
    script = f"ulimit -c 0; kill -{int(number)} $$"
    assert execute(["sh", "-c", script], env=ENV, home=daemon.home).returncode == -number


@pytest.mark.shared
def test_a_rules_timeout_ends_the_command(daemon: Daemon) -> None:
    done = execute(["sleep", "60"], env=ENV, home=daemon.home)
    assert (done.returncode, done.ran, done.timed_out) == (124, True, True)


@pytest.mark.shared
def test_a_denial_is_said(daemon: Daemon) -> None:
    done = execute(["/bin/rm", "precious"], env=ENV, home=daemon.home)
    assert (done.returncode, done.ran, done.stdout) == (126, False, b"")
    assert done.message == f"safeshell: denied by rule no-precious ({daemon.home.rules}:3): Precious.\n"


@pytest.mark.shared
def test_an_approval_that_can_not_be_had_is_77(daemon: Daemon, tmp_path: Path) -> None:
    env = {**ENV, "SAFESHELL_CONTEXT": "ai"}  # a person would wait for somebody
    done = execute(["touch", str(tmp_path / "secret")], env=env, home=daemon.home)
    assert (done.returncode, done.ran) == (77, False)
    assert not (tmp_path / "secret").exists()


@pytest.mark.shared
def test_what_is_not_there_or_not_executable_is_said(daemon: Daemon, tmp_path: Path) -> None:
    done = execute(["no-such-command"], env=ENV, home=daemon.home)
    assert (done.returncode, done.message) == (127, "safeshell: no-such-command: command not found\n")
    (tmp_path / "plain").touch(0o644)
    done = execute(["plain"], env={"PATH": str(tmp_path)}, home=daemon.home)
    assert (done.returncode, done.message) == (126, "safeshell: plain: permission denied\n")
    assert not done.ran


@pytest.mark.shared
def test_an_environment_that_a_spawn_cannot_express_runs_nothing(daemon: Daemon) -> None:
    done = execute(["true"], env={**ENV, "": "x"}, home=daemon.home)
    assert (done.returncode, done.ran) == (125, False)
    assert "can't be started here: environment" in done.message


@pytest.mark.shared
def test_a_program_that_cannot_be_started_runs_nothing(daemon: Daemon, tmp_path: Path) -> None:
    write(str(tmp_path / "bad"), "#!/no/such/interpreter\n", mode=0o755)
    done = execute(["bad"], env={"PATH": str(tmp_path)}, home=daemon.home)
    assert (done.returncode, done.ran) == (125, False)
    assert "No such file" in done.message


def test_what_can_not_be_said_is_not_sent(daemon: Daemon) -> None:
    for argv, env in [(["echo", "a\0b"], ENV), (["echo"], {**ENV, "A": "b\0c"})]:
        with pytest.raises(ValueError, match="embedded null byte"):
            execute(argv, env=env, home=daemon.home)
    with pytest.raises(ValueError, match="argv is empty"):
        evaluate([], home=daemon.home)
    assert daemon.status()["requests"]["total"] == 0


def test_a_background_child_that_holds_the_output_delays_nothing(daemon: Daemon) -> None:
    pipe = os.path.join(daemon.home.root, "pipe")
    os.mkfifo(pipe)
    done = execute(["sh", "-c", f"echo started; (read x < {pipe}; echo late) &"], env=ENV, home=daemon.home)
    assert (done.returncode, done.stdout) == (0, b"started\n")
    with open(pipe, "w", encoding="ascii") as stream:  # waits for the child, which is there still
        stream.write("go on\n")


def test_background_children_that_never_stop_writing_delay_nothing(daemon: Daemon) -> None:
    done = execute(["sh", "-c", "yes & yes & yes & exit 3"], env=ENV, home=daemon.home)
    assert done.returncode == 3
    assert daemon.status()["rss_kib"] < 100_000


def rss_kib(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as stream:
        return next(int(line.split()[1]) for line in stream if line.startswith("VmRSS"))


def test_much_output_comes_whole_and_is_held_by_nobody(daemon: Daemon) -> None:
    size = 50_000_000
    before = rss_kib(daemon.pid)
    counted = {1: 0, 2: 0}
    peak = 0

    def take(stream: int, data: bytes) -> None:
        nonlocal peak
        counted[stream] += len(data)
        if counted[stream] % 64 < 2:
            peak = max(peak, rss_kib(daemon.pid))

    script = f"head -c {size} /dev/zero; head -c 1000 /dev/zero >&2"
    done = execute(["sh", "-c", script], env=ENV, on_output=take, home=daemon.home)
    assert (done.returncode, done.stdout, counted) == (0, b"", {1: size, 2: 1000})
    assert peak < before + 8_000


@pytest.mark.shared
def test_a_reader_that_does_not_read_stops_the_command_not_the_daemon(daemon: Daemon, tmp_path: Path) -> None:
    progress = tmp_path / "progress"
    script = f"head -c 3000000 /dev/zero; echo all > {progress}"
    taken = 0

    def take(_stream: int, data: bytes) -> None:
        nonlocal taken
        if not taken:
            # Others are served meanwhile, and the command waits for its reader.
            assert execute(["sh", "-c", "echo other"], env=ENV, home=daemon.home).stdout == b"other\n"
            assert not progress.exists()
            assert daemon.status()["running"] == 1
        taken += len(data)

    assert execute(["sh", "-c", script], env=ENV, on_output=take, home=daemon.home).returncode == 0
    assert taken == 3_000_000
    assert progress.read_text() == "all\n"


@pytest.mark.shared
def test_evaluate_says_what_would_be_decided_and_runs_nothing(daemon: Daemon, tmp_path: Path) -> None:
    path = str(tmp_path / "precious")
    Path(path).touch()
    found = evaluate(["rm", path], env=ENV, home=daemon.home)
    assert (found["decision"], found["rule"], found["message"]) == ("deny", "no-precious", "Precious.")
    assert found["source"] == f"{daemon.home.rules}:3"
    assert found["subject"] == f"rm {path}"
    assert found["table"] == daemon.status()["table"]
    assert found["cached"] is False
    assert evaluate(["rm", path], env=ENV, home=daemon.home)["cached"] is True
    assert os.path.exists(path)
    assert evaluate(["echo"], env={"CI": "1"}, home=daemon.home)["facts"] == {"env CI": "1"}


@pytest.mark.shared
def test_a_long_answer_comes_whole(daemon: Daemon) -> None:
    word = "é" * 90_000  # the request fits a socket's buffer, its answer as JSON does not
    found = evaluate(["echo", word], env={}, home=daemon.home)
    assert found["subject"] == f"echo '{word}'"


@pytest.mark.config("limits: {request_bytes: 64KiB}\n")
def test_a_request_over_the_limit_is_refused_with_its_reason(daemon: Daemon) -> None:
    for size in (1 << 16, 1 << 18, 3 << 20):
        done = execute(["echo", "x" * size], env=ENV, home=daemon.home)
        assert (done.returncode, done.ran) == (125, False)
        assert "the limit is 65536" in done.message
    assert execute(["echo", "x" * 60_000], env=ENV, home=daemon.home).returncode == 0


def test_without_a_daemon_it_says_so(home: Home) -> None:
    for attempt in (execute, evaluate):
        with pytest.raises(UnreachableError, match="can't reach the daemon at") as caught:
            attempt(["true"], home=home)
        assert caught.value.hint == "run `safeshell daemon start`"
    assert issubclass(ProtocolError, SafeShellError)


def test_a_daemon_that_goes_away_is_not_an_answer(daemon: Daemon) -> None:
    def kill(_stream: int, _data: bytes) -> None:
        os.kill(daemon.pid, signal.SIGKILL)

    script = "echo started; read x"  # its input is /dev/null, so it ends by itself
    with pytest.raises(UnreachableError, match="went away"):
        execute(["sh", "-c", f"{script}; head -c 100000000 /dev/zero"], env=ENV, on_output=kill, home=daemon.home)
    assert daemon.wait() == -signal.SIGKILL
    daemon.ended = 0


def test_control_answers_with_the_status(daemon: Daemon) -> None:
    status = control(Type.STATUS, home=daemon.home)
    assert status["home"] == daemon.home.root
    assert control(Type.RELOAD, home=daemon.home)["reloads"] == status["reloads"] + 1
