"""What was last put in force in a home, as objects."""

from __future__ import annotations

from safeshell.home.paths import SYSTEM_RULES, Home
from safeshell.home.settings import Settings
from safeshell.policy.store.reading import Reading
from safeshell.policy.table import Table


def begin_reading(home: Home) -> Reading:
    """Has the tables of the machine and the user read, and the settings beside them."""
    return Reading(home.tables, (SYSTEM_RULES, home.rules))


def published(home: Home) -> tuple[list[Table], Settings]:
    """The tables of the machine and the user, as far as there are some, and the settings beside them.

    Raises:
        TableError: there is no table file, or it can't be trusted.
    """
    found, record = begin_reading(home).result()
    return [Table(sections, current.root) for current, sections in found.values()], Settings.from_json(record)
