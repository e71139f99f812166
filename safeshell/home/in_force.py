"""What was last put in force in a home, as objects."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from typing import Any, NamedTuple

from safeshell.home import machine
from safeshell.home.machine import PublishedReading
from safeshell.home.paths import SYSTEM_RULES, Home
from safeshell.home.settings import Settings
from safeshell.policy.store.reading import Found, Inherited, Reading, read_dispatch
from safeshell.policy.table import Table


class LayersReading:
    """The tables of the machine and the user, being read by other processes while this one does something else."""

    __slots__ = ("_machine", "_own")

    def __init__(self, home: Home) -> None:
        self._machine = PublishedReading(SYSTEM_RULES)
        self._own = Reading(home.tables, (SYSTEM_RULES, home.rules))

    def result(self) -> tuple[Found, dict[str, Any]]:
        """As `Reading.result`. The machine's is what root published; else what was compiled here for the time being.

        Raises:
            TableError: the home's tables can't be trusted. What root published and can't be is left out: whoever
                compiles the machine's rules says so.
        """
        seen = machine.in_force(self._machine)
        found, settings = self._own.result()
        own = found.pop(SYSTEM_RULES, None)
        if seen is not None:
            own = seen.current, seen.sections
        elif own is not None and None not in self._machine.watch.values():
            own = own[0]._replace(watch={}), own[1]  # it is to be said that this isn't what was published
        # First in order of precedence.
        return found if own is None else {SYSTEM_RULES: own, **found}, settings


def begin_reading(home: Home, inherited: Sequence[int] = ()) -> LayersReading | Inherited:
    """Has the tables of the machine and the user read, and the settings beside them; or takes over an heir's.

    Args:
        home: whose.
        inherited: descriptors of the tables that the daemon of before had in force.
    """
    return Inherited(inherited) if inherited else LayersReading(home)


def published(home: Home) -> tuple[list[Table], Settings]:
    """The tables of the machine and the user, as far as there are some, and the settings beside them.

    Raises:
        TableError: there is no table file, or it can't be trusted.
    """
    found, record = begin_reading(home).result()
    return [Table(sections, current.root) for current, sections in found.values()], Settings.from_json(record)


class Asked(NamedTuple):
    """Commands that rules are about, by name.

    Attributes:
        exact: names as they are.
        globs: patterns of names.
    """

    exact: frozenset[str]
    globs: tuple[str, ...]

    def has(self, name: str) -> bool:
        """Whether a command of this name is one."""
        return name in self.exact or _matcher(self.globs)(name) is not None

    @classmethod
    def union(cls, several: Iterable[Asked]) -> Asked:
        """All of several."""
        several = list(several)
        globs = dict.fromkeys(glob for one in several for glob in one.globs)
        return cls(frozenset().union(*(one.exact for one in several)), tuple(globs))


@functools.cache
def _matcher(globs: tuple[str, ...]) -> Callable[[str], re.Match[str] | None]:
    return re.compile("|".join(map(translate, globs)) or "(?!)").match


def asked(home: Home) -> tuple[dict[str, Asked], Settings]:
    """What the tables that were last put in force are about, by their rules files, and the settings.

    Raises:
        TableError: there is no table file, or it can't be trusted.
    """
    system = machine.in_force(PublishedReading(SYSTEM_RULES))
    found, record = read_dispatch(home.tables)
    layers = {rules: Asked(frozenset(exact), tuple(globs)) for rules, (exact, globs) in found.items()}
    if system is not None:
        table = Table(system.sections, system.current.root)
        layers[SYSTEM_RULES] = Asked(frozenset(table.exact), tuple([glob for glob, _ in table.globs]))
    return layers, Settings.from_json(record)
