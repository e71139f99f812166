"""Caller of a shell line: whose it is, what it is judged by, and the facts of its commands."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from safeshell.command.command_line import block
from safeshell.command.unwrap import Spelling
from safeshell.policy.context import Context
from safeshell.policy.evaluator import LoadedTable
from safeshell.policy.facts import UNDECIDED, Fact, FactKey, RequestFacts
from safeshell.shell.encoding import encode
from safeshell.shell.syntax.tree import Dialect


@dataclass(frozen=True, slots=True)
class LineCaller:
    """Whose line it is, and what it is judged by.

    Attributes:
        tables: in order of precedence.
        environment: the caller's.
        directory: where the line runs, absolute.
        context: tells `ai` from `human`.
        shimmed: whether a command of this name has a shim on the caller's PATH; None for a caller without shims.
        stated: facts that are given in place of those of the caller's directory.
        tables_of: what a command is judged by that runs in another directory, or is about one; None: `tables` too.
        shell: the shell that reads the line.
    """

    tables: Sequence[LoadedTable]
    environment: Mapping[str, str]
    directory: str
    context: Context
    shimmed: Callable[[str], bool] | None
    stated: Mapping[FactKey, Fact] = dataclasses.field(default_factory=dict)
    tables_of: Callable[[Spelling], Sequence[LoadedTable]] | None = None
    shell: Dialect = Dialect.BASH

    @property
    def agent_by(self) -> str | None:
        """The variable that tells that an agent asks; None where a person does."""
        return self.context.sign(block_of(self.environment))

    @property
    def is_ai(self) -> bool:
        """Whether an agent asks."""
        return self.agent_by is not None

    @property
    def digests(self) -> tuple[str, ...]:
        """Those of the tables."""
        return tuple([loaded.table.digest for loaded in self.tables])


class CommandFacts(RequestFacts):
    """A command's facts: its own environment and directory, but the context of the request."""

    __slots__ = ("_stated",)

    def __init__(self, caller: LineCaller, spelling: Spelling, run: frozenset[FactKey]) -> None:
        super().__init__(
            spelling.environment,
            spelling.directory,
            caller.context,
            asker=block_of(caller.environment),
            git_environment=spelling.git_environment,
        )
        here = spelling.directory == os.fsencode(caller.directory)
        self._stated: dict[FactKey, Fact] = {**(caller.stated if here else {}), **dict.fromkeys(run, UNDECIDED)}

    def read(self, key: FactKey) -> Fact:
        """The fact's value; what the line leaves to the run is undecided."""
        return self._stated[key] if key in self._stated else super().read(key)


def block_of(environment: Mapping[str, str]) -> bytes:
    """An environment as a block, a NUL before the first entry."""
    return b"\0" + block([as_bytes(f"{name}={value}") for name, value in environment.items()])


def as_bytes(string: str) -> bytes:
    """A text as the bytes that a program is given."""
    return encode(string).replace(b"\0", b"")
