"""A command on its way through the daemon."""

from __future__ import annotations

from collections.abc import Sequence

from safeshell.command.unwrap import Spelling
from safeshell.daemon.core.connection import Connection
from safeshell.host.process.confinement import Caller
from safeshell.policy.decision import Decision
from safeshell.policy.decision_cache import Policy
from safeshell.policy.facts import RequestFacts
from safeshell.protocol import Command


class Request:
    """What is asked for, who asks, and what was decided.

    Attributes:
        connection: whom to answer.
        command: what is to run: what was asked for, or what a redirect put in its place.
        same_view: whether who asks sees the file system as the daemon does.
        caller: what the kernel says about who asks, where that has been read; else it is when the command is placed.
        obstacle: why the client's descriptors couldn't be borrowed, or "".
        directory: the working directory, None where it has no path.
        policy: what it is decided by.
        facts: where its facts are read.
        spellings: what it really runs, the command itself first.
        decisions: of each spelling; one more where they are nested too deep.
        decision: of them all.
        program: where the program is, once it has been found; a redirect's is found before it is run.
        reason: why it is run where it is, once it is.
        replaced: whether a redirect put another command in the place of what was asked for.
    """

    __slots__ = (
        *("caller", "command", "connection", "decision", "decisions", "directory", "facts", "obstacle", "policy"),
        *("program", "reason", "replaced", "same_view", "spellings"),
    )

    # By place: arguments by name would cost each request 2 % of its instructions.
    def __init__(
        self,
        connection: Connection,
        command: Command,
        same_view: bool,
        caller: Caller | None,
        obstacle: str,
        directory: bytes | None,
        policy: Policy,
        facts: RequestFacts,
        spellings: Sequence[Spelling],
        decisions: Sequence[Decision],
        decision: Decision,
    ) -> None:
        self.connection = connection
        self.command = command
        self.same_view = same_view
        self.caller = caller
        self.obstacle = obstacle
        self.directory = directory
        self.policy = policy
        self.facts = facts
        self.spellings = spellings
        self.decisions = decisions
        self.decision = decision
        self.program: bytes | None = None
        self.reason = ""
        self.replaced = False

    def copy(self) -> Request:
        """The same, to be changed."""
        made = object.__new__(Request)
        for name in Request.__slots__:
            setattr(made, name, getattr(self, name))
        return made

    @property
    def base(self) -> bytes:
        """The caller's directory as it is reached from here, for what is relative to it."""
        if self.connection.descriptors:
            return b"/proc/self/fd/%d" % self.connection.descriptors[-1]
        return b"/proc/%d/cwd" % self.connection.pid

    @property
    def is_ai(self) -> bool:
        """Whether an agent asks."""
        return self.facts.read(("ai",)) is True

    @property
    def name(self) -> bytes:
        """The basename of the file executed."""
        return self.command.name[self.command.name.rfind(b"/") + 1 :]
