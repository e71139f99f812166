"""What was last put in force in a home, as objects."""

from __future__ import annotations

from collections.abc import Sequence

from safeshell.home.paths import SYSTEM_RULES, Home
from safeshell.home.settings import Settings
from safeshell.policy.store.reading import Inherited, Reading
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
