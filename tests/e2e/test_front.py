"""The native front: what it answers again is what the daemon would answer now, and runs as it would."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from e2e.guard import FORBIDDEN, RULES, Guard, Outcome, guarded
from harness import MARKER, until, write

from safeshell.cli.daemon import hand_over
from safeshell.install.native import native_front

SAYS = '#!/bin/sh\necho "$#: $*"\nexit 9\n'

CONFIGS = {"in_place": "execution: in_place\n", "daemon": "execution: daemon\n"}


@pytest.fixture(params=CONFIGS)
def world(request: pytest.FixtureRequest) -> Iterator[Guard]:
    """A world whose daemon has its front, for one test alone: it may change everything."""
    assert native_front(), "nothing was compiled: these tests would show nothing"
    with guarded(CONFIGS[request.param]) as guard:
        until(lambda: guard.daemon.status()["front"]["native"], "the native front")
        yield guard


@pytest.fixture
def spawner() -> Iterator[Guard]:
    """The same, of the placement in which commands are run by the daemon."""
    with guarded(CONFIGS["daemon"]) as guard:
        until(lambda: guard.daemon.status()["front"]["native"], "the native front")
        yield guard


def answered(guard: Guard) -> int:
    """How many requests the front has answered."""
    found: int = guard.daemon.status()["front"]["answered"]
    return found


def learn(guard: Guard, *argv: str, **options: Any) -> Outcome:
    """Runs a command until the front answers it; returns how it ends, which is the same each time."""
    first = guard.run(*argv, **options)
    assert guard.run(*argv, **options) == first  # seen before: kept
    before = answered(guard)
    assert guard.run(*argv, **options) == first
    assert answered(guard) == before + 1
    return first


def asks_anew(guard: Guard, *argv: str, **options: Any) -> Outcome:
    """Runs a command that the front must not answer."""
    before = answered(guard)
    found = guard.run(*argv, **options)
    assert answered(guard) == before
    return found


def records_of(guard: Guard) -> list[dict[str, Any]]:
    with open(guard.home.audit, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def test_what_is_asked_again_ends_alike_and_is_counted(world: Guard) -> None:
    before = world.daemon.status()
    assert learn(world, "exits", "3").status == 3
    assert learn(world, "dies", "KILL").status == -signal.SIGKILL
    world.install("called", SAYS)
    assert learn(world, "called", "a b", "") == Outcome(9, b"2: a b \n", b"")
    denied = learn(world, "exits", FORBIDDEN)
    assert (denied.status, denied.out) == (126, b"")
    assert b"not-that-word" in denied.err
    now = world.daemon.status()
    assert now["requests"]["allow"] - before["requests"].get("allow", 0) == 9
    assert now["requests"]["deny"] - before["requests"].get("deny", 0) == 3
    assert sum(now["cache"].values()) - sum(before["cache"].values()) == 12
    (placement,) = now["placement"].values()
    assert placement["count"] == 9
    assert now["front"] == {"native": True, "kept": 4, "answered": 4}


def test_its_records_say_what_the_others_say(world: Guard) -> None:
    learn(world, "exits", FORBIDDEN)
    until(lambda: world.daemon.status()["audit"]["seq"] == 3, "the records")
    records = records_of(world)
    for record in records:
        for changing in ("seq", "ts", "pid", "prev", "hash"):
            record.pop(changing, None)
    assert records[0] == records[1] == records[2]


@pytest.mark.parametrize("timed", ["true", "false"])
def test_a_command_that_is_allowed_is_recorded_too_where_all_are(world: Guard, timed: str) -> None:
    write(world.home.config, f"{CONFIGS['daemon' if world.spawns else 'in_place']}audit: all\nstats: {timed}\n")
    learn(world, "exits", "3")
    until(lambda: world.daemon.status()["audit"]["seq"] == 4, "the records")
    edit, *records = records_of(world)
    assert edit["kind"] == "edit"
    assert [record["argv"] for record in records] == [["exits", "3"]] * 3
    assert len({record["pid"] for record in records}) == 3
    assert {record["placement"] for record in records} == {"daemon" if world.spawns else "in_place"}
    assert {record.get("exit") for record in records} == {3 if world.spawns else None}
    assert all(0 < record.get("duration_ms", 0) < 60_000 for record in records) is world.spawns


# What an answer hangs on


def new_rules(guard: Guard) -> None:
    write(guard.home.rules, RULES.replace(FORBIDDEN, "'3'"))


def rules_of_the_repository(guard: Guard) -> None:
    deny = "version: 1\nrules:\n  - {name: local, commands: [exits], action: deny, message: Not here.}\n"
    write(os.path.join(guard.work, ".safeshell", "rules.yaml"), deny)


def rules_above(guard: Guard) -> None:
    deny = "version: 1\nrules:\n  - {name: above, commands: [exits], action: deny, message: Not here.}\n"
    write(os.path.join(guard.root, ".safeshell", "rules.yaml"), deny)


@pytest.mark.parametrize("change", [new_rules, rules_of_the_repository, rules_above])
def test_rules_that_come_are_heeded_at_once(world: Guard, change: Callable[[Guard], None]) -> None:
    assert learn(world, "exits", "3").status == 3
    change(world)
    assert asks_anew(world, "exits", "3").status == 126
    assert learn(world, "exits", "3").status == 126


def test_rules_that_go_are_not_heeded_any_more(world: Guard) -> None:
    rules_of_the_repository(world)
    assert learn(world, "exits", "3").status == 126
    shutil.rmtree(os.path.join(world.work, ".safeshell"))
    assert asks_anew(world, "exits", "3").status == 3


def test_a_repository_that_begins_below_its_rules_ends_them(world: Guard) -> None:
    rules_above(world)
    assert learn(world, "exits", "3").status == 126
    os.mkdir(os.path.join(world.work, ".git"))
    assert asks_anew(world, "exits", "3").status == 3
    assert learn(world, "exits", "3").status == 3
    os.rmdir(os.path.join(world.work, ".git"))
    assert world.run("exits", "3").status == 126


def test_settings_are_heeded_at_once(world: Guard) -> None:
    assert learn(world, "exits", "3").status == 3
    other = "daemon" if "in_place" in world.daemon.status()["placement"] else "in_place"
    write(world.home.config, CONFIGS[other])
    assert asks_anew(world, "exits", "3").status == 3
    assert other in world.daemon.status()["placement"]


def test_another_program_is_run_once_it_stands_there(world: Guard) -> None:
    assert learn(world, "exits", "3").status == 3
    os.replace(world.install("aside", "#!/bin/sh\nexit 44\n"), os.path.join(world.bin, "exits"))
    assert asks_anew(world, "exits", "3").status == 44
    os.chmod(os.path.join(world.bin, "exits"), 0o644)
    assert asks_anew(world, "exits", "3").status in (126, 127)


def test_a_program_that_comes_earlier_on_path_is_run(world: Guard) -> None:
    earlier = os.path.join(world.root, "earlier")
    os.mkdir(earlier)
    path = {"PATH": f"{world.home.shims}:{earlier}:{world.path(native=True)}"}
    assert learn(world, "exits", "3", env=path).status == 3
    with open(os.path.join(earlier, "exits"), "w", encoding="utf-8") as stream:
        stream.write("#!/bin/sh\nexit 45\n")
    assert learn(world, "exits", "3", env=path).status == 3  # it may not be executed yet
    os.chmod(os.path.join(earlier, "exits"), 0o755)
    assert asks_anew(world, "exits", "3", env=path).status == 45


def test_variables_count_where_the_answer_hangs_on_them(world: Guard) -> None:
    path = {"PATH": f"{world.path(native=False)}:/nowhere"}
    learn(world, "exits", "3")
    assert asks_anew(world, "exits", "3", env=path).status == 3
    assert asks_anew(world, "exits", "3", env={MARKER: "1"}).status == 3
    assert asks_anew(world, "exits", "3", env={"SAFESHELL_CONTEXT": "ai"}).status == 3
    before = answered(world)
    assert world.run("exits", "3", env={"ANY": "thing", "OLDPWD": "/"}).status == 3
    assert answered(world) == before + 1


def test_the_environment_that_is_passed_is_the_callers_own(spawner: Guard) -> None:
    spawner.install("called", '#!/bin/sh\necho "$ANY"\n')
    learn(spawner, "called")
    before = answered(spawner)
    for number in range(5):
        assert spawner.run("called", env={"ANY": f"thing {number}"}).out == f"thing {number}\n".encode()
    assert answered(spawner) == before + 5


def test_each_directory_has_its_own_answer(world: Guard) -> None:
    rules_of_the_repository(world)
    other = os.path.join(world.root, "other")
    os.mkdir(other)
    assert learn(world, "exits", "3").status == 126
    assert learn(world, "exits", "3", cwd=other).status == 3
    assert learn(world, "exits", "3").status == 126
    os.rename(other, f"{other}.moved")
    assert asks_anew(world, "exits", "3", cwd=f"{other}.moved").status == 3


def test_a_deleted_directory_has_none(world: Guard) -> None:
    gone = os.path.join(world.root, "gone")
    command = f"{world.shim('exits')} 3; echo $?"
    script = f"for i in 1 2 3 4; do {command}; done; rmdir {gone}; {command}"
    os.mkdir(gone)
    before = answered(world)
    assert world.run("/bin/sh", "-c", script, cwd=gone).out.split() == [b"3"] * 5
    assert answered(world) == before + 2


RULES_THAT_LOOK = """\
version: 1
rules:
  - {name: file, commands: [exits], conditions: [{command_contains: look}, {file_exists: flag}], action: deny,
     message: No.}
  - {name: branch, commands: [exits], conditions: [{command_contains: branch}, {git_branch_in: [main]}], action: deny,
     message: No.}
  - {name: where, commands: [exits], conditions: [{command_contains: where}, {path_matches: /work$}], action: deny,
     message: No.}
  - {name: variable, commands: [exits], conditions: [{command_contains: env}, {env_equals: {variable: V, value: x}}],
     action: deny, message: No.}
"""


def test_what_rules_read_of_the_world_is_never_taken_as_it_was(world: Guard) -> None:
    write(world.home.rules, RULES_THAT_LOOK)
    flag = os.path.join(world.work, "flag")
    for _ in range(4):
        assert asks_anew(world, "exits", "0", "look").status == 0
        write(flag, "")
        assert asks_anew(world, "exits", "0", "look").status == 126
        os.unlink(flag)
    # What a request holds itself may be kept.
    assert learn(world, "exits", "0", "where").status == 126
    assert learn(world, "exits", "0", "env", env={"V": "x"}).status == 126
    assert learn(world, "exits", "0", "env", env={"V": "y"}).status == 0


@pytest.mark.needs("root")
def test_a_caller_in_a_namespace_of_its_own_is_looked_at(world: Guard) -> None:
    learn(world, world.shim("exits"), "3")
    assert asks_anew(world, "unshare", "--mount", world.shim("exits"), "3").status == 3


@pytest.mark.needs("root")
@pytest.mark.parametrize("how", ["unshare --uts", "unshare --net", "setpriv --no-new-privs", "prlimit -n100"])
def test_a_caller_that_differs_is_not_run_by_the_front(spawner: Guard, how: str) -> None:
    learn(spawner, spawner.shim("exits"), "3")
    assert asks_anew(spawner, *how.split(), spawner.shim("exits"), "3").status == 3
    assert spawner.run(spawner.shim("exits"), "3").status == 3
    assert answered(spawner) == 2


# What runs in the daemon


def test_umask_directory_and_descriptors_are_the_callers(spawner: Guard) -> None:
    for mask in (0o022, 0o077, 0o027):
        found = {spawner.run("umask", umask=mask).out for _ in range(4)}
        assert found == {b"%04o\n" % mask}
    assert answered(spawner) >= 3
    assert learn(spawner, "readlink", "/proc/self/cwd").out == os.fsencode(spawner.work) + b"\n"
    listed = learn(spawner, "ls", "/proc/self/fd").out.split()
    assert listed == [b"0", b"1", b"2", b"3"]  # the last is what ls looks by
    spawner.install("called", SAYS)
    with open(os.path.join(spawner.work, "out"), "wb") as stream:
        for _ in range(4):
            spawner.run("exits", "0", stdout=stream)
            spawner.run("called", stdout=stream)
    with open(os.path.join(spawner.work, "out"), "rb") as stream:
        assert stream.read() == b"0: \n" * 4


def test_an_environment_is_passed_byte_for_byte(spawner: Guard) -> None:
    probe = os.path.join(spawner.bin, "id")
    shutil.copy("/usr/bin/env", probe)
    names = {"B": "1", "A": "2\n", "C": "\udcff", "": "x"}
    names.pop("")
    found = {spawner.run("id", env=names).out for _ in range(4)}
    assert len(found) == 1
    assert answered(spawner) >= 1
    assert found == {spawner.run("id", env={**names, "PATH": spawner.path(native=False)}, native=True).out}


def test_a_program_that_looks_itself_up_finds_itself(world: Guard) -> None:
    found = learn(world, "python3", "-c", "import sys; print(sys.executable, sys.orig_argv[0])")
    assert found == world.run("python3", "-c", "import sys; print(sys.executable, sys.executable)", native=True)


def test_one_that_runs_on_is_stopped_continued_and_signalled(spawner: Guard) -> None:
    for _ in range(4):
        with spawner.start("listener", stdin=subprocess.PIPE) as process:
            assert process.stdout is not None
            child = int(process.stdout.readline())
            until(lambda: spawner.daemon.status()["running"] == 1, "the daemon to see to it")
            process.send_signal(signal.SIGUSR1)
            assert process.stdout.readline() == b"SIGUSR1\n"
            os.kill(child, signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            process.send_signal(signal.SIGCONT)
            os.waitid(os.P_PID, process.pid, os.WCONTINUED)
            assert process.stdout.readline() == b"SIGCONT\n"
            assert process.communicate()[0] == b"end\n"
        assert process.returncode == 6
    assert answered(spawner) >= 2


def test_a_signal_that_comes_at_once_reaches_the_command(spawner: Guard) -> None:
    for _ in range(6):
        with spawner.start("listener", "mortal", stdin=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == -signal.SIGINT  # before its input ends, by which it would end too
    assert answered(spawner) >= 4


def test_one_whose_client_is_killed_is_ended(spawner: Guard) -> None:
    for _ in range(4):
        with spawner.start("listener", stdin=subprocess.PIPE) as process:
            assert process.stdout is not None
            child = int(process.stdout.readline())
            process.kill()
            assert process.stdout.readline() == b"SIGTERM\n"
            os.kill(child, signal.SIGKILL)
        until(lambda: spawner.daemon.status()["running"] == 0, "the daemon to reap it")
    assert answered(spawner) >= 2


def test_one_that_stops_itself_at_once_is_seen_to(spawner: Guard) -> None:
    spawner.install("exits", "#!/bin/sh\nkill -STOP $$\nexit 3\n")
    for _ in range(4):
        with spawner.start("exits", "3") as process:
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            process.send_signal(signal.SIGCONT)
            assert process.wait() == 3
    assert answered(spawner) >= 2


def test_many_at_once_get_each_its_own(spawner: Guard) -> None:
    spawner.install("called", SAYS)
    for word in "abcdef":
        learn(spawner, "called", word)
    words = [word for _ in range(20) for word in "abcdef"]
    started = [spawner.start("called", word) for word in words]
    for word, process in zip(words, started, strict=True):
        assert process.communicate(timeout=60) == (f"1: {word}\n".encode(), b"")
        assert process.returncode == 9
    assert answered(spawner) >= 100


def test_a_client_that_says_nothing_is_left_to_the_daemon(world: Guard) -> None:
    learn(world, "exits", "3")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(world.home.socket)
        until(lambda: world.daemon.status()["connections"] == 2, "the daemon to take it over")
        assert learn(world, "exits", "4").status == 4
    until(lambda: world.daemon.status()["connections"] == 1, "the daemon to notice its end")


def test_it_goes_on_after_a_restart_with_commands_running(spawner: Guard) -> None:
    for _ in range(3):
        spawner.run("sleep", "0")
        spawner.run("sleep", "0.2")
    with spawner.start("sleep", "0.2") as process:
        begun = time.monotonic()
        assert hand_over(spawner.home, now=False)
        assert process.wait() == 0
        assert time.monotonic() - begun < 60
    assert spawner.run("exits", "3").status == 3
