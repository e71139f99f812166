"""Requests as the daemon has them once they are decided, of rules and processes that a test states."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path

from safeshell_compiler import compile_rules

from safeshell.command.command_line import block
from safeshell.command.unwrap import StatedWorld, spellings
from safeshell.daemon.core.connection import Connection
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.request import Request
from safeshell.policy.composition import judge_all
from safeshell.policy.context import Context
from safeshell.policy.decision_cache import Policy
from safeshell.policy.facts import RequestFacts
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable
from safeshell.protocol import Command, Reply, ReplyReceiver, Type

AGENT = b"TESTED_AGENT"
"""The one marker: whoever runs the tests may be an agent."""


def compiled(directory: Path, rules: str) -> Policy:
    """Rules, as one line each below `rules:`, in force."""
    path = directory / "rules.yaml"
    path.write_text(f"version: 1\nrules:\n{rules}", encoding="utf-8")
    compilation = compile_rules(str(path), "user")
    assert compilation.table is not None, compilation.findings
    return Policy([LoadedTable(Table(compilation.table, str(directory)))])


class Client:
    """Both ends of a connection.

    Args:
        loop: what waits for it.
        pid: which process the kernel is to have named; this one where it is left out.
    """

    def __init__(self, loop: Loop, pid: int | None = None) -> None:
        self.sock, other = socket.socketpair()
        self.sock.settimeout(5)
        self.closed: list[Connection] = []
        self._receiver = ReplyReceiver()
        self.connection = Connection(other, loop, 1 << 16, self.closed.append)
        if pid is not None:
            os.close(self.connection.pidfd)
            self.connection.pid, self.connection.pidfd = pid, os.pidfd_open(pid)

    def frames(self) -> list[tuple[Reply, bytes]]:
        """What has been sent since the last look."""
        self.sock.setblocking(False)
        data = b""
        try:
            while more := self.sock.recv(1 << 20):
                data += more
        except BlockingIOError:
            pass
        return [(frame.kind, frame.payload) for frame in self._receiver.feed(data)]

    def close(self) -> None:
        """Gives both ends back."""
        self.connection.close()
        self.sock.close()


def ask(
    client: Client,
    policy: Policy,
    *argv: str,
    directory: bytes = b"/work",
    environment: Sequence[bytes] = (),
) -> Request:
    """A command that a client asked for, decided in all its spellings."""
    words = [word.encode() for word in argv]
    command = Command(Type.EXECUTE, 0, words[0], block(words), b"\0" + block(environment), 0, 0)
    context = Context([AGENT.decode()])
    facts = RequestFacts(command.environment, directory, context)
    found = spellings(argv[0], command.arguments, command.environment, directory, StatedWorld())
    judged = judge_all(
        found,
        lambda spelling: RequestFacts(spelling.environment, spelling.directory, context, asker=command.environment),
        lambda spelling, its: policy.decide(spelling.name, spelling.arguments, its),
    )
    request = Request(client.connection)
    request.command = request.asked = command
    request.name_command()
    request.directory, request.spellings = directory, found
    request.policy, request.facts = policy, facts
    request.decisions, request.decision = judged.decisions, judged.decision
    return request
