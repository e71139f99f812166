"""Model of an agent's wiring: what `agents/` says of each, as data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

COMMAND = "$COMMAND"
"""Stands in an entry for what the agent's shell runs: the hook program, quoted, and the agent's name."""

PROGRAM = "$PROGRAM"
"""Stands in a file's text for the hook program's path, as a literal of JavaScript's."""

LINE = "$LINE"
"""Stands in an envelope for the line."""

DIRECTORY = "$DIRECTORY"
"""Stands in an envelope for the line's directory."""

Scope = Literal["user", "project"]


@dataclass(frozen=True, slots=True)
class Location:
    """Where a user's settings lie.

    Attributes:
        directory: below the home.
        name: below that directory.
        variable: names the directory instead, where it is set.
        moved: what is below the directory that the variable names, before the name.
    """

    directory: str
    name: str
    variable: str = ""
    moved: str = ""

    def base(self, environment: Mapping[str, str]) -> str:
        """The directory's path."""
        named = environment.get(self.variable) if self.variable else None
        if named:
            return os.path.join(os.path.abspath(named), self.moved)
        return os.path.join(os.path.expanduser("~"), self.directory)

    def path(self, environment: Mapping[str, str]) -> str:
        """The file's path."""
        return os.path.join(self.base(environment), self.name)


@dataclass(frozen=True, slots=True)
class JsonEntry:
    """An entry in a JSON file that other settings share.

    Attributes:
        keys: lead from the document to the array that the entry is one of, or to the member that it is.
        value: the entry, with `COMMAND` in it.
        is_member: whether the last key is the entry's own.
        handlers: the key of the entry's array of handlers, "" where it is its own only one.
        frame: what the document has besides, for the agent to take it.
        comments: whether comments and trailing commas may be in the file.
    """

    keys: tuple[str, ...]
    value: Mapping[str, Any]
    is_member: bool = False
    handlers: str = ""
    frame: Mapping[str, Any] = field(default_factory=dict)
    comments: bool = False


@dataclass(frozen=True, slots=True)
class TomlEntry:
    """An entry in a TOML file that other settings share: a table of an array, with one handler in an array of its own.

    Attributes:
        keys: lead from the document to the array.
        value: the entry, with `COMMAND` in it.
        handlers: the key of the entry's array of handlers.
    """

    keys: tuple[str, ...]
    value: Mapping[str, Any]
    handlers: str


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file that is ours as a whole.

    Attributes:
        text: with `COMMAND` in it where a shell reads it, or `PROGRAM` where JavaScript does; or JSON's value.
        mode: its permissions.
    """

    text: str | Mapping[str, Any]
    mode: int = 0o600


Wiring = JsonEntry | TomlEntry | WholeFile


@dataclass(frozen=True, slots=True)
class Place:
    """A file that an agent reads hooks from.

    Attributes:
        user: where a user's lies.
        project: where a repository's does, below its top; "" where it reads none.
        wiring: what is put there.
    """

    user: Location
    project: str
    wiring: Wiring


ANYTHING = object()
"""Stands in a `Refusal` for any value at all."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """How an agent takes a hook's answer for a no.

    Attributes:
        values: (keys, value) in the JSON that the hook prints, one of which is enough.
        status: the exit status that is one where the hook says why on stderr; None where none is.
    """

    values: tuple[tuple[tuple[str, ...], object], ...] = ()
    status: int | None = 2


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent.

    Attributes:
        name: as commands have it; also what the hook program is told.
        title: as its vendor has it.
        programs: what it may be called on PATH.
        places: where its hooks may be; the first, unless another has some already.
        envelope: what the hook is sent for a line, with `LINE` and `DIRECTORY` in it.
        refusal: how a hook says no.
        off: (keys, value) in its settings that turn all hooks off.
        opens: where the agent runs the line though the hook did not allow it, as words that follow "where the hook";
            "" where it never does.
        asks_trust: whether it runs a hook only once a person, or its own program, says that it is trusted.
        after: what a person has to know or do once it is installed.
        trace: a directory below the home that shows that it was used here; "" for that of its settings.
    """

    name: str
    title: str
    programs: tuple[str, ...]
    places: tuple[Place, ...]
    envelope: Mapping[str, Any]
    refusal: Refusal = Refusal()
    off: tuple[tuple[tuple[str, ...], object], ...] = ()
    opens: str = "can't be started, fails or takes too long"
    asks_trust: bool = False
    after: str = ""
    trace: str = ""
