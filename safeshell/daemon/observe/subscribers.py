"""The monitors that are connected, and what they are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from safeshell.daemon.core.connection import Connection
from safeshell.protocol import Reply, encode_reply

BACKLOG_MAX = 4 << 20
"""Bytes that a monitor may be behind before it is let go; it connects again and is told what is pending."""


class Monitors:
    """Who watches.

    Attributes:
        on_change: called when one has come or gone.
    """

    def __init__(self) -> None:
        self._watching: dict[Connection, bool] = {}
        self.on_change: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return len(self._watching)

    def add(self, connection: Connection, *, trusted: bool) -> None:
        """Takes one in; `trusted` says that it gave the PIN."""
        self._watching[connection] = trusted
        self.on_change()

    def remove(self, connection: Connection) -> None:
        """Forgets one that has gone."""
        if self._watching.pop(connection, None) is not None:
            self.on_change()

    def is_trusted(self, connection: Connection) -> bool:
        """Whether this connection is a monitor's that gave the PIN."""
        return self._watching.get(connection, False)

    def publish(self, event: str, content: Mapping[str, Any]) -> None:
        """Tells all of them."""
        if not self._watching:
            return
        frame = encode(event, content)
        for connection in list(self._watching):
            connection.send(frame)
            if connection.backlog > BACKLOG_MAX:
                connection.close()

    def close_all(self) -> None:
        """Lets all of them go: they connect to the next daemon."""
        for connection in list(self._watching):
            connection.close()


def encode(event: str, content: Mapping[str, Any]) -> bytes:
    """An EVENT frame."""
    return encode_reply(Reply.EVENT, json.dumps({"event": event, **content}).encode())
