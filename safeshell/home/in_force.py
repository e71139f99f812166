"""What was last put in force in a home, as objects."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from typing import NamedTuple

from safeshell.home.paths import SYSTEM_RULES, Home
from safeshell.home.settings import Settings
from safeshell.policy.store.reading import Inherited, Reading, read_dispatch
from safeshell.policy.table import Table


def begin_reading(home: Home, inherited: Sequence[int] = ()) -> Reading | Inherited:
    """Has the tables of the machine and the user read, and the settings beside them; or takes over an heir's.

    Args:
        home: whose.
        inherited: descriptors of the tables that the daemon of before had in force.
    """
    return Inherited(inherited) if inherited else Reading(home.tables, (SYSTEM_RULES, home.rules))


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
    found, record = read_dispatch(home.tables)
    layers = {rules: Asked(frozenset(exact), tuple(globs)) for rules, (exact, globs) in found.items()}
    return layers, Settings.from_json(record)
