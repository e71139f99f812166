"""Step `receive`: the request's bytes become a command, or another thing that the daemon is asked for."""

from __future__ import annotations

from collections.abc import Callable

from safeshell.daemon.request import Request
from safeshell.daemon.steps import END, GO_ON, WAIT
from safeshell.errors import ProtocolError
from safeshell.protocol import Command, Event

DESCRIPTORS = (0, 1, 4)
"""How many may come with a command: none; its directory; 0, 1 and 2 and its directory."""


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
        request.command = request.asked = command
        request.name_command()
        return GO_ON if command.borrow else "locate"
