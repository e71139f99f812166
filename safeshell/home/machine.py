"""A machine's rules: what root published of them, and whether that is still what their sources say.

Everybody reads the one file, and keeps a sealed copy of its own. What has changed since is compiled by each daemon for
the time being, and kept beside the user's tables.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from safeshell.errors import TableError
from safeshell.home.paths import SYSTEM_TABLES
from safeshell.policy.store.file_checks import check_owner
from safeshell.policy.store.memory import SealedSections
from safeshell.policy.store.reading import Reading
from safeshell.policy.store.records import PLACE, Current, Signature, is_as, signature

REMEDY = "run `safeshell compile --system` as root"
"""What puts the sources' state in force for everybody."""


class Machine(NamedTuple):
    """A machine's rules as they were compiled last.

    Attributes:
        current: what they were compiled to; its watch as this process sees it.
        sections: the table.
        published: whether it is what root published.
    """

    current: Current
    sections: SealedSections
    published: bool


class PublishedReading:
    """What root published, being read by another process while this one does something else.

    Attributes:
        watch: as `published_watch` gives it, from before.
    """

    __slots__ = ("_failure", "_reading", "_rules", "watch")

    def __init__(self, rules: str) -> None:
        self._rules = rules
        self._reading: Reading | None = None
        self._failure: TableError | None = None
        self.watch = published_watch()
        try:
            if self.watch[SYSTEM_TABLES] is not None:
                check_published()
                self._reading = Reading(SYSTEM_TABLES, (rules,))
        except TableError as error:
            self._failure = error

    def result(self) -> Machine | None:
        """What was published, or None; to be asked for once.

        Raises:
            TableError: it can't be trusted.
        """
        if self._failure is not None:
            raise self._failure
        if self._reading is None:
            return None
        found, _ = self._reading.result()
        if self._rules not in found:
            raise TableError(f"{SYSTEM_TABLES} holds nothing about {self._rules}", hint=REMEDY)
        current, sections = found[self._rules]
        return Machine(current._replace(watch={**current.watch, **self.watch}), sections, published=True)


def published_watch() -> dict[str, Signature]:
    """What has to stay as it is for the published rules to be the same: the file, and whose its directory is."""
    state = signature(SYSTEM_TABLES)
    if state is None:
        return {SYSTEM_TABLES: None}
    directory = os.path.dirname(SYSTEM_TABLES)
    place = signature(directory)
    return {SYSTEM_TABLES: state, directory: place and place[:PLACE]}


def check_published() -> None:
    """Checks that nobody but root can have written what is published.

    Raises:
        TableError: somebody can, or it can't be looked at.
    """
    for path in (os.path.dirname(SYSTEM_TABLES), SYSTEM_TABLES):
        check_owner(path)


def as_seen(machine: Machine) -> Machine | None:
    """It, where its sources are as they were when it was compiled; None: they are newer.

    Sources that this user may not look at are root's affair: what was published counts. That they can't be seen is
    what is watched then.
    """
    watch: dict[str, Signature] = {}
    for path, state in machine.current.watch.items():
        try:
            os.stat(path)
        except PermissionError:
            watch[path] = None
            continue
        except OSError:
            pass
        if not is_as(path, state):
            return None
        watch[path] = state
    return machine._replace(current=machine.current._replace(watch=watch))


def compiled_at(machine: Machine) -> int:
    """When the last of its sources changed, ns: of two tables the later one counts."""
    watch = machine.current.watch
    ours = [state[-1] for path, state in watch.items() if state and len(state) > PLACE and path != SYSTEM_TABLES]
    return max(ours, default=0)


def in_force(reading: PublishedReading) -> Machine | None:
    """What root published, where it can be trusted and its sources are as they were; None: it doesn't count."""
    try:
        found = reading.result()
    except TableError:
        return None
    return None if found is None else as_seen(found)


def is_published(rules: str) -> bool:
    """Whether what root published is what the sources say."""
    return in_force(PublishedReading(rules)) is not None
