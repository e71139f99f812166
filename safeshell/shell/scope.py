"""Scope of a shell while a line runs: where it stands, what was assigned, which aliases and functions there are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import tree_sitter

from safeshell.errors import UndecidedError
from safeshell.host.path_resolution import Resolver
from safeshell.shell.limits import OverrunError
from safeshell.shell.nested_commands import Input
from safeshell.shell.parse import NEST_MAX, LineSource
from safeshell.shell.quoting import encode
from safeshell.shell.words import Word


@dataclass(slots=True)
class Scope:
    """A shell, or a subshell of it.

    Attributes:
        environment: the variables that are known; the request's, and what the line exports.
        directory: where it stands, absolute; None where only the run can tell.
        changes: variables that the line gives to commands; None removes one, a Word not known as text is the run's.
        assigned: names that the line assigns anywhere; shared by all shells of the line.
        aliases: by name.
        functions: by name; their bodies and the text that they stand in.
        positional: `$1` and so on, None where they are not known.
        stdin: what commands read; None for the caller's own input.
        shims: whether commands are looked up along a PATH that the line left alone.
        remote: whether it runs on another machine.
        depth: how many shells are around it.
    """

    environment: Mapping[str, str]
    directory: str | None
    changes: dict[str, Word | None] = field(default_factory=dict)
    assigned: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    functions: dict[str, tuple[LineSource, tree_sitter.Node]] = field(default_factory=dict)
    positional: tuple[Word, ...] | None = None
    stdin: Input | None = None
    shims: bool = True
    remote: bool = False
    depth: int = 0

    def fork(self, *, stdin: Input | None = None, inherit: bool = True) -> Scope:
        """A subshell: what it changes stays in it.

        Raises:
            OverrunError: it is nested too deep.
        """
        made = self.deeper()
        made.changes = dict(self.changes)
        made.aliases = dict(self.aliases)
        made.functions = dict(self.functions)
        made.stdin = self.stdin if inherit and stdin is None else stdin
        return made

    def deeper(self) -> Scope:
        """The same shell one level further in; it shares what commands change but for the directory.

        Raises:
            OverrunError: it is nested too deep.
        """
        if self.depth >= NEST_MAX:
            raise OverrunError(f"it nests more than {NEST_MAX} deep")
        return replace(self, depth=self.depth + 1)

    def value(self, name: str) -> str | None:
        """A variable's value where it is the request's and the line leaves it alone, else None."""
        return None if self.remote or name in self.assigned else self.environment.get(name)

    @property
    def home(self) -> str | None:
        """What an unquoted `~` stands for."""
        return self.value("HOME")

    def move(self, target: Word | None) -> None:
        """Goes to a directory, as `cd` does."""
        self.directory = self.at(target)

    def at(self, target: Word | None) -> str | None:
        """The directory that a word names from here; without one, the home."""
        text = self.home if target is None else target.literal
        if text is None or text == "-" or "\0" in text or self.remote:
            return None
        if not text.startswith("/") and self.directory is None:
            return None
        try:
            return os.fsdecode(Resolver().resolve(encode(os.path.join(self.directory or "/", text))))
        except UndecidedError:
            return None
