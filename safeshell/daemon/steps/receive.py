"""Step `receive`: the request's bytes become a command, or another thing that the daemon is asked for."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable

from safeshell.command.command_line import unblock
from safeshell.daemon.hook_call import AgentsCall
from safeshell.daemon.request import FAILED, Request
from safeshell.daemon.steps import END, WAIT
from safeshell.errors import ProtocolError
from safeshell.hooks.agent import agent_of
from safeshell.protocol import Command, Event, Held, Hooked, Type
from safeshell.text import printable

DESCRIPTORS = (0, 1, 4)
"""How many may come with a command: none; its directory; 0, 1 and 2 and its directory."""

_FOR_AGENT = b"SAFESHELL_CONTEXT=ai\0"


class Receive:
    """Takes a request's bytes.

    Args:
        hang_up: called where the client has gone.
        control: called with what is no command.
    """

    def __init__(self, hang_up: Callable[[Request], None], control: Callable[[Request, Event], None]) -> None:
        self._hang_up = hang_up
        self._control = control

    def run(self, request: Request) -> str:
        """Waits until the request is whole.

        Raises:
            ProtocolError: it breaks the protocol.
        """
        connection = request.connection
        events = connection.receive()
        if not events:
            if events is None:
                self._hang_up(request)
                return END
            return WAIT
        if request.deadline is not None:
            request.deadline.cancel()
        command = events[0]
        if isinstance(command, Hooked):
            return _take_hook(request, command)
        if isinstance(command, Held):
            return _take_held(request, command)
        if not isinstance(command, Command):
            connection.quiet = True
            for event in events:
                self._control(request, event)
            return END
        if len(connection.descriptors) not in DESCRIPTORS:
            raise ProtocolError(f"expected 0, 1 or 4 file descriptors, got {len(connection.descriptors)}")
        connection.lines = command.lines
        connection.quiet = not command.lines
        if len(events) > 1:
            request.signals = events[1:]  # type: ignore[assignment] # nothing else may follow a command
        if command.kind == Type.SHELL:
            command = _line_of(command)
        request.command = request.asked = command
        request.name_command()
        return "borrow" if command.borrow else "locate"


def _line_of(shell: Command) -> Command:
    """A guarded shell's own command as a line, of the real shell's path: what a line asks about is judged inside it."""
    words = [os.fsdecode(word) for word in unblock(shell.arguments)]
    login = ["-l"] if words[0].startswith("-") else []  # as login(1) has it
    line = os.fsencode(shlex.join([os.fsdecode(shell.name), *login, *words[1:]]))
    return Command(shell.kind, 0, shell.name, line + b"\0", shell.environment, 0, 0)


def _take_held(request: Request, held: Held) -> str:
    """Makes the request one of the process that is held: what is said of a caller is said of that one."""
    connection, command = request.connection, held.command
    if len(connection.descriptors) > 1:
        raise ProtocolError(f"expected 0 or 1 file descriptors, got {len(connection.descriptors)}")
    try:
        connection.stand_in_for(held.pid)
    except OSError as error:
        return request.refuse(FAILED, f"process {held.pid} can't be asked about: {error.strerror}")
    connection.quiet = True
    # Who runs in the tree is an agent, whatever it leaves of its environment.
    command.environment += _FOR_AGENT
    request.held = held
    request.command = request.asked = command
    request.name_command()
    return "locate"


def _take_hook(request: Request, sent: Hooked) -> str:
    connection = request.connection
    agent = agent_of(sent.agent)
    if agent is None:
        raise ProtocolError(f"there is no agent {printable(sent.agent[:100])}: is the daemon of another version?")
    count = 1 if sent.envelope is not None else 2
    if len(connection.descriptors) != count:
        raise ProtocolError(f"expected {count} file descriptors, got {len(connection.descriptors)}")
    connection.quiet = True
    request.hook = AgentsCall(agent, sent)
    return "envelope"
