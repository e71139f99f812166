"""Caller of a shell line: whose it is, what it is judged by, and the facts of its commands."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from safeshell.command.command_line import block
from safeshell.command.unwrap import Spelling
from safeshell.policy.context import Context
from safeshell.policy.facts import UNDECIDED, Fact, FactKey, RequestFacts
from safeshell.policy.units import LoadedTable
from safeshell.shell.encoding import encode
from safeshell.shell.syntax.tree import Dialect
from safeshell.shell.words import Word
from safeshell.text import text


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
        session: where the session began that `@project` is of; "" where that is the directory.
        knows_all: whether a variable that isn't in the environment is unset; else only the run can tell.
        reads_files: whether files that the line runs (scripts, makefiles and their like) are judged with it.
        asker: the environment as a block; what is made of the others is kept, a line's commands ask for it each.
        digests: those of the tables.
        agent_by: the variable that tells that an agent asks; None where a person does.
    """

    tables: Sequence[LoadedTable]
    environment: Mapping[str, str]
    directory: str
    context: Context
    shimmed: Callable[[str], bool] | None
    stated: Mapping[FactKey, Fact] = dataclasses.field(default_factory=dict)
    tables_of: Callable[[Spelling], Sequence[LoadedTable]] | None = None
    shell: Dialect = Dialect.BASH
    session: str = ""
    knows_all: bool = True
    reads_files: bool = False
    asker: bytes = dataclasses.field(init=False, repr=False, compare=False)
    digests: tuple[str, ...] = dataclasses.field(init=False, repr=False, compare=False)
    agent_by: str | None = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "asker", block_of(self.environment))
        object.__setattr__(self, "digests", tuple([loaded.table.digest for loaded in self.tables]))
        object.__setattr__(self, "agent_by", self.context.sign(self.asker))

    @property
    def is_ai(self) -> bool:
        """Whether an agent asks."""
        return self.agent_by is not None


class CommandFacts(RequestFacts):
    """A command's facts: its own environment and directory, but the context of the request."""

    __slots__ = ("_stated", "open")

    def __init__(self, caller: LineCaller, spelling: Spelling, run: frozenset[FactKey]) -> None:
        super().__init__(
            spelling.environment,
            spelling.directory,
            caller.context,
            asker=caller.asker,
            git_environment=spelling.git_environment,
        )
        self.began_in(os.fsencode(caller.session or caller.directory))
        self.seen[AI] = caller.is_ai  # the same for all of a line's commands
        here = bool(caller.stated) and spelling.directory == os.fsencode(caller.directory)
        stated = caller.stated if here else _NOTHING
        self._stated: Mapping[FactKey, Fact] = {**stated, **dict.fromkeys(run, UNDECIDED)} if run else stated
        names = frozenset([key[1] for key in run]) if run else _NO_NAMES
        self.open: Container[str] = names if caller.knows_all else AllBut(_names(spelling.environment) - names)

    def read(self, key: FactKey) -> Fact:
        """The fact's value; what the line leaves to the run is undecided."""
        if key[0] == "env" and key[1] in self.open:
            return UNDECIDED
        return self._stated[key] if key in self._stated else super().read(key)


AI: FactKey = ("ai",)
"""The key of the fact whether an agent asks."""

_NOTHING: Mapping[FactKey, Fact] = MappingProxyType({})
_NO_NAMES: frozenset[str] = frozenset()


class AllBut(Container[str]):
    """All texts but some."""

    def __init__(self, but: frozenset[str]) -> None:
        self._but = but

    def __contains__(self, name: object) -> bool:
        return name not in self._but


def _names(environment: bytes) -> frozenset[str]:
    """The variables in a block."""
    return frozenset([text(entry.partition(b"=")[0]) for entry in environment.split(b"\0") if entry])


def block_of(environment: Mapping[str, str]) -> bytes:
    """An environment as a block, a NUL before the first entry."""
    return b"\0" + block([as_bytes(f"{name}={value}") for name, value in environment.items()])


def arguments_of(words: Sequence[Word]) -> bytes:
    """A command's words as the block of its argv, what only the run can tell as it is written."""
    texts = [word.written for word in words]
    joined = "\0".join(texts)
    if joined.isascii() and joined.count("\0") == len(texts) - 1:  # most, all at once
        return joined.encode("ascii") + b"\0"
    return block([as_bytes(text) for text in texts])


def as_bytes(string: str) -> bytes:
    """A text as the bytes that a program is given."""
    return encode(string).replace(b"\0", b"")
