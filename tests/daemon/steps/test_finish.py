"""The answer, in the form that the client speaks: refused, answered, run in place, or run and ended."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon.asking import Client, ask, compiled

from safeshell.daemon.core.executor import Child
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.request import Request
from safeshell.daemon.steps import GO_ON
from safeshell.daemon.steps.finish import finish
from safeshell.protocol import Reply, encode_exec, encode_exited, encode_refused

RULES = "  - {name: brief, commands: [ls], action: allow, timeout: 2s, message: m}\n"


class Bench:
    """A request and its client."""

    def __init__(self, directory: Path) -> None:
        self.loop = Loop()
        self.client = Client(self.loop)
        self.request = ask(self.client, compiled(directory, RULES), "ls", "x")

    def finish(self) -> bytes:
        """All that the client gets."""
        assert finish(self.request) == GO_ON
        assert self.request.connection.closed
        self.client.sock.setblocking(True)
        found = b""
        while data := self.client.sock.recv(1 << 16):
            found += data
        return found

    def child(self, *, notified: bool = False) -> Request:
        """It runs here, and has ended with status 3."""
        request = self.request
        request.placement, request.wait_status = "daemon", 3 << 8
        request.spawned_ns = time.perf_counter_ns() - 10**9
        request.child = Child(1, lambda _status, _timed_out: None, lambda _number: None)
        request.child.already_notified = notified
        return request

    def place(self, *, own: bool = True) -> Request:
        """It is to run in place, with its own arguments or with others."""
        request = self.request
        assert request.command is not None
        request.placement, request.program = "in_place", b"/bin/ls"
        request.arguments = request.command.arguments if own else b"/bin/ls\0x\0"
        return request


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.client.close()
    made.loop.close()


def test_refused(bench: Bench) -> None:
    bench.request.refuse(126, "no")
    assert bench.finish() == encode_refused(126, "safeshell: no")


def test_a_refusal_comes_before_all_else(bench: Bench) -> None:
    bench.place().refuse(126, "no")
    assert bench.finish() == encode_refused(126, "safeshell: no")


def test_run_in_place_with_its_own_arguments_or_with_those_that_it_gets(bench: Bench) -> None:
    bench.place()
    assert bench.finish() == encode_exec(b"/bin/ls", 2000, b"")


def test_other_arguments_are_sent(bench: Bench) -> None:
    bench.place(own=False)
    assert bench.finish() == encode_exec(b"/bin/ls", 2000, b"/bin/ls\0x\0")


def test_a_targets_arguments_are_always_sent(bench: Bench) -> None:
    request = bench.place()
    request.redirected = request.spellings, request.decisions, request.decision
    assert bench.finish() == encode_exec(b"/bin/ls", 2000, b"ls\0x\0")


def test_ended_here_it_lasted_since_it_was_started(bench: Bench) -> None:
    request = bench.child()
    assert bench.finish() == encode_exited(3 << 8, timed_out=False)
    assert request.child is None
    assert request.duration_s == pytest.approx(1, abs=0.5)


def test_ended_by_a_timeout(bench: Bench) -> None:
    bench.child().timed_out = True
    assert bench.finish() == encode_exited(3 << 8, timed_out=True)


def test_what_the_fast_path_has_told_is_not_told_again(bench: Bench) -> None:
    bench.child(notified=True)
    assert bench.finish() == b""


def test_who_only_asks_gets_the_decision(bench: Bench) -> None:
    bench.request.result = {"decision": "allow"}
    answer = bench.finish()
    assert answer[0] == Reply.RESULT
    assert json.loads(answer[8:]) == {"decision": "allow"}


def test_a_script_that_only_asks_is_told_that_it_would_run(bench: Bench) -> None:
    assert bench.finish() == b"allowed\n"
