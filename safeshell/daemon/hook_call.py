"""Call of an agent's tool, on its way through the daemon: what the hook said, and how it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safeshell.hooks.agent import Agent, Answer, Written, write
from safeshell.protocol import Hooked
from safeshell.text import printable

ANSWERS_BY_S = 15.0
"""Seconds before the end of an agent's patience by which its hook is answered: then the agent is told."""


class AgentsCall:
    """What an agent's hook asks.

    Args:
        agent: whose hook.
        sent: what it sent.

    Attributes:
        tool: the tool, as the agent names it; "" before that is read.
        session: the agent's session.
        directory: where the line would run, links resolved; nothing where the envelope doesn't say.
        base: where the agent itself is, links resolved; nothing where the envelope doesn't say.
        is_line: whether it runs a line, and `files` is what that patches.
        files: of a file tool what it writes and reads, as `FileUse` has it, for JSON; None of a line.
        shape: which of the agent's forms the envelope has.
        instead: the line that the agent is to run in the place of its own; "" where it is that.
    """

    def __init__(self, agent: Agent, sent: Hooked) -> None:
        self.agent = agent
        self.sent = sent
        self.tool = self.session = self.instead = ""
        self._field = ""
        self._input: dict[str, Any] = {}
        self.directory = self.base = b""
        self.files: Mapping[str, Any] | None = None
        self.is_line = False
        self.shape = 0

    def take(self, call: Mapping[str, Any]) -> None:
        """Takes what was read in the envelope."""
        self.tool, self.session, self.shape = call["tool"], call["session"], call["shape"]
        self.is_line = call["line"] is not None
        self.base = call["base"].encode("latin-1")
        self.directory, self.files = call["directory"].encode("latin-1"), call["files"]
        self._field, self._input = call["field"], call["input"] or {}

    @property
    def patience_s(self) -> float:
        """How long it may wait for a person."""
        return self.agent.limit_s - ANSWERS_BY_S

    @property
    def shell(self) -> bytes | None:
        """The user's shell, as the hook's environment has it."""
        return self.variable(b"SHELL")

    def variable(self, name: bytes) -> bytes | None:
        """A variable of what the hook sent of its environment."""
        for entry in self.sent.environment.split(b"\0"):
            key, equals, value = entry.partition(b"=")
            if equals and key == name:
                return value
        return None

    @property
    def can_rewrite(self) -> bool:
        """Whether the agent can be given another line, as if the model had asked for that."""
        return bool(self._field)

    def allow(self) -> Written:
        """The answer with which the agent goes on as without a hook, with its own line or another."""
        rewrite = self.agent.shapes[self.shape].rewrite
        if not self.instead or rewrite is None:
            return write(self.agent.allow)
        line = [self.instead] if isinstance(self._input[self._field], list) else self.instead
        return write(rewrite, tools_input={**self._input, self._field: line})

    def ask(self, reason: str) -> Written:
        """The answer with which it asks its own person; for agents that do."""
        assert self.agent.ask is not None
        return write(self.agent.ask, printable(reason))

    def deny(self, reason: str) -> Written:
        """The answer with which it doesn't, and is told why."""
        own: Answer | None = self.agent.shapes[self.shape].deny
        if not self.is_line:
            own = self.agent.deny_files or own
        return write(own or self.agent.deny, printable(reason))

    def to_record(self) -> dict[str, str]:
        """As a record has it."""
        return {name: value for name, value in (("tool", self.tool), ("session", self.session)) if value}
