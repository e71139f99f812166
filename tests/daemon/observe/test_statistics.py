"""What the daemon counts and times: every command, wherever it runs, and nothing else."""

from __future__ import annotations

import socket
from typing import Any

from harness import PATH, RULES, Daemon, until, write

from safeshell.client import connect, control, evaluate, execute
from safeshell.command.command_line import block
from safeshell.metrics.histogram import Histogram
from safeshell.protocol import Command, Flag, ReplyReceiver, Type, encode_command, encode_control, encode_signal

ENV = {"PATH": PATH}
BEFORE = ["accept", "receive", "locate", "refresh", "decide", "act"]


def stats(daemon: Daemon, *, reset: bool = False) -> dict[str, Any]:
    return control(Type.STATS, int(reset), home=daemon.home)


def counts(daemon: Daemon) -> dict[str, int]:
    """How often each stage was timed."""
    return {name: len(Histogram.from_counts(pairs)) for name, pairs in stats(daemon)["stages"].items()}


def once(*stages: str) -> dict[str, int]:
    return dict.fromkeys([*BEFORE, *stages], 1)


PLACED = ("place", "find", "spawn")
ANSWERED = ("finish", "record", "whole")
IN_THE_DAEMON = once(*PLACED, "child", "reap", *ANSWERED, "whole.allow", "whole.daemon")


def request(*argv: str, flags: int = 0) -> bytes:
    words = [word.encode() for word in argv]
    environment = b"\0" + block([b"PATH=" + PATH.encode()])
    return encode_command(Command(Type.EXECUTE, flags, words[0], block(words), environment, 0, 0))


def answer(sock: socket.socket) -> None:
    """Reads to the end."""
    sock.settimeout(20)
    while sock.recv(1 << 16):
        pass


def test_a_command_in_the_daemon_goes_through_every_stage(daemon: Daemon) -> None:
    execute(["echo"], env=ENV, home=daemon.home)
    assert counts(daemon) == IN_THE_DAEMON


def test_a_command_in_place_counts_too(daemon: Daemon) -> None:
    with connect(daemon.home) as sock:
        sock.sendall(request("echo", flags=Flag.IN_PLACE))
        answer(sock)
    assert counts(daemon) == once(*PLACED, *ANSWERED, "whole.allow", "whole.in_place")
    assert stats(daemon)["placement"] == {"in_place": {"count": 1, "reasons": {"caller asks in place": 1}}}


def test_a_denied_command_and_a_question_are_placed_nowhere(daemon: Daemon) -> None:
    execute(["rm", "precious"], env=ENV, home=daemon.home)
    assert counts(daemon) == once(*ANSWERED, "whole.deny")
    stats(daemon, reset=True)
    evaluate(["rm", "precious"], env=ENV, home=daemon.home)
    assert counts(daemon) == once(*ANSWERED, "whole.deny")


def test_what_is_no_command_is_not_timed(daemon: Daemon) -> None:
    daemon.status()
    for data in (b"rubbish", request("echo")[:20], encode_signal(15), encode_control(Type.RELOAD)):
        with connect(daemon.home) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            answer(sock)
    assert counts(daemon) == {}


def test_a_request_in_parts_is_one_command(daemon: Daemon) -> None:
    data = request("rm", "precious")
    with connect(daemon.home) as sock:
        sock.sendall(data[:10])
        until(lambda: daemon.status()["connections"] == 2, "the connection to be taken")
        sock.sendall(data[10:])
        answer(sock)
    found = counts(daemon)
    assert (found["accept"], found["decide"], found["whole"]) == (1, 1, 1)


def test_signals_and_stops_are_not_stages(daemon: Daemon) -> None:
    command = ["sh", "-c", "trap 'exit 3' USR1; kill -STOP $$; echo $$; while :; do sleep 0.01; done"]
    with connect(daemon.home) as sock:
        sock.sendall(request(*command))
        sock.settimeout(20)
        receiver = ReplyReceiver()
        until(lambda: [frame for frame in receiver.feed(sock.recv(1 << 16)) if frame.kind.name == "STOPPED"], "a stop")
        for number in (18, 10):
            sock.sendall(encode_signal(number))
        answer(sock)
    assert counts(daemon) == IN_THE_DAEMON


def test_the_whole_is_without_the_commands_own_time(daemon: Daemon) -> None:
    execute(["sleep", "0.3"], env=ENV, home=daemon.home)
    found = stats(daemon)["stages"]
    (child,) = Histogram.from_counts(found["child"]).percentiles(100)
    (whole,) = Histogram.from_counts(found["whole"]).percentiles(100)
    assert child >= 0.29e9
    assert 0 < whole < child


def test_a_command_that_waits_for_a_compilation_is_one(daemon: Daemon) -> None:
    write(daemon.home.rules, RULES + "  - {name: no-ls, commands: [ls], action: deny, message: No.}\n")
    assert not execute(["ls"], env=ENV, home=daemon.home).ran
    found = counts(daemon)
    assert (found["accept"], found["refresh"], found["decide"], found["whole.deny"]) == (1, 1, 1, 1)


def test_what_a_client_leaves_behind_is_not_answered(daemon: Daemon) -> None:
    with connect(daemon.home) as sock:
        sock.sendall(request("sleep", "60"))
        until(lambda: daemon.status()["running"] == 1, "the command to run")
    until(lambda: daemon.status()["running"] == 0, "the command to end")
    assert counts(daemon) == once(*PLACED)


def test_counts_are_since_the_reset(daemon: Daemon) -> None:
    execute(["echo"], env=ENV, home=daemon.home)
    before = stats(daemon, reset=True)
    assert (before["requests"]["total"], len(before["stages"]) > 0) == (1, True)
    execute(["rm", "precious"], env=ENV, home=daemon.home)
    found = stats(daemon)
    assert found["requests"] == {"total": 1, "allow": 0, "deny": 1}
    assert found["cache"] == {"hits": 0, "misses": 1}
    assert "whole.deny" in found["stages"]
    assert "whole.allow" not in found["stages"]
    assert found["counted_s"] <= found["uptime_s"]
    assert daemon.status()["requests"] == {"total": 2, "allow": 1, "deny": 1}


def test_an_argument_that_is_none_resets_nothing(daemon: Daemon) -> None:
    execute(["echo"], env=ENV, home=daemon.home)
    control(Type.STATS, 2, home=daemon.home)
    assert stats(daemon)["requests"]["total"] == 1


def test_the_setting_turns_timing_off_and_on(daemon: Daemon) -> None:
    def switch(text: str) -> None:
        reloads = daemon.status()["reloads"]
        write(daemon.home.config, text)
        control(Type.RELOAD, home=daemon.home)
        assert daemon.status()["reloads"] > reloads

    with connect(daemon.home) as sock:
        sock.sendall(request("sleep", "60"))
        until(lambda: daemon.status()["running"] == 1, "the command to run")
        switch("stats: false\n")
        execute(["echo"], env=ENV, home=daemon.home)
        assert stats(daemon)["timed"] is False
        assert counts(daemon) == once(*PLACED)
        switch("stats: true\n")
        sock.sendall(encode_signal(15))
        answer(sock)
    execute(["rm", "precious"], env=ENV, home=daemon.home)
    found = counts(daemon)
    assert (found["accept"], found["whole.deny"], stats(daemon)["timed"]) == (2, 1, True)
    assert stats(daemon)["requests"]["total"] == 3
