"""Messages of the protocol: the types of requests and replies, and what a request says."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple

MAGIC = b"SfSh"
VERSION = 1
REQUEST_BYTES = 8 << 20
"""The default cap on one request: ARG_MAX allows about 6 MiB."""


class Type(enum.IntEnum):
    """Types of requests."""

    EXECUTE = 1
    EVALUATE = 2
    SIGNAL = 3
    STATUS = 4
    RELOAD = 5
    STOP = 6
    HANDOVER = 7
    EVALUATE_LINE = 8
    STATS = 9
    APPROVALS = 10
    MONITOR = 11
    HOOK = 12
    SHELL = 13
    HELD = 14


class Flag(enum.IntFlag):
    """Flags that a caller says of itself; PASSED is a hook's: its envelope is the first descriptor."""

    TTY = 1
    CTTY = 2
    FDS = 4
    CLOSED = 8
    IN_PLACE = 16
    UNUSUAL = 32
    CONFINED = 64
    PASSED = 128


class Reply(enum.IntEnum):
    """The frames of an answer."""

    NOTICE = 1
    EXEC = 2
    REFUSED = 3
    EXITED = 4
    WAITING = 5
    RUNNING = 6
    STOPPED = 7
    OUTPUT = 8
    ERROR_OUTPUT = 9
    RESULT = 10
    EVENT = 11
    ANSWER = 12


LAST_REPLIES = frozenset({Reply.EXEC, Reply.REFUSED, Reply.EXITED, Reply.RESULT, Reply.ANSWER})
TIMED_OUT = 1
"""The flag of EXITED that says a rule's timeout ended the command."""


class Command:
    """A command as a client sent it.

    Attributes:
        kind: `Type.EXECUTE`, `Type.EVALUATE`, `Type.EVALUATE_LINE`, or of a line that a
            hook or a guarded shell asks about `Type.HOOK` or `Type.SHELL`.
        flags: bits of `Flag`.
        name: the path that the client was executed as.
        arguments: argv as a block, each argument ended by NUL.
        environment: the environment as a block, each entry ended by NUL, and one NUL before the first.
        nice: the caller's nice value.
        blocked: the signals that the caller had blocked, bit n-1 for signal n.
        lines: whether the client speaks the line form.
        borrow: the descriptors of the client's parent that are to be the command's 0-2 (`spawn`), or nothing.
    """

    __slots__ = ("arguments", "blocked", "borrow", "environment", "flags", "kind", "lines", "name", "nice")

    def __init__(
        self,
        kind: int,
        flags: int,
        name: bytes,
        arguments: bytes,
        environment: bytes,
        nice: int,
        blocked: int,
        *,
        lines: bool = False,
        borrow: tuple[int, ...] = (),
    ) -> None:
        self.kind = kind
        self.flags = flags
        self.name = name
        self.arguments = arguments
        self.environment = environment
        self.nice = nice
        self.blocked = blocked
        self.lines = lines
        self.borrow = borrow

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Command) and all(
            getattr(self, name) == getattr(other, name) for name in Command.__slots__
        )

    __hash__ = None  # type: ignore[assignment] # it changes


class Signal(NamedTuple):
    """A signal that reached the client, for the command."""

    number: int


class ControlRequest(NamedTuple):
    """A request about the daemon: STATUS, RELOAD, STOP, HANDOVER or STATS; `argument` is that of the last three."""

    kind: int
    argument: int = 0


class Query(NamedTuple):
    """A request in JSON: APPROVALS or MONITOR."""

    kind: int
    value: dict[str, Any]


class Hooked(NamedTuple):
    """What an agent's hook asks.

    Attributes:
        agent: the agent's name, as the hook was told it.
        environment: some of the hook's own, as a block, and one NUL before the first entry.
        envelope: what the agent sent; None where it is the first descriptor.
    """

    agent: str
    environment: bytes
    envelope: bytes | None


class Held(NamedTuple):
    """A program that a process is about to begin, and that a keeper of the kernel tier holds.

    Attributes:
        pid: the process.
        patience_ms: how long it may wait for a person; 0: as long as people are given.
        command: what would begin; `name` is the program's path.
    """

    pid: int
    patience_ms: int
    command: Command


Event = Command | Signal | ControlRequest | Query | Hooked | Held
