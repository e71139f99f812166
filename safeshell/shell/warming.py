"""Warming of a helper that waits: automata of rules' patterns, made before a line with unknown words needs them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from safeshell.policy.atoms import ATOMS
from safeshell.policy.regex.automaton import automaton
from safeshell.policy.units import LoadedTable

PATTERNS_MAX = 512
"""Patterns of one table whose automata are made ahead: those of all packs are a third of that."""

LENGTH_MAX = 400
"""Characters of a pattern up to which that is done: a step is not to take longer than a line that comes meanwhile."""

_WALKED = ("line", "operand", "option_value")
"""Kinds of conditions whose pattern, the first of their arguments, is held against words that aren't all known."""


_LATER = (
    *("safeshell.host.git.aliases", "safeshell.host.git.autocorrect", "safeshell.policy.showing"),
    "safeshell.command.unwrap.splitting",
)
"""Modules that are loaded where a command needs them."""


def warm(loaded: LoadedTable) -> Iterator[None]:
    """Makes the automata of a table's patterns, one at each step; before, loads what the first lines would load."""
    for name in _LATER:
        import_module(name)
        yield
    ATOMS["line"]  # the modules of all kinds are loaded with one
    yield
    atoms = loaded.table.atoms
    made = 0
    for number in range(len(atoms)):
        kind, *arguments = atoms[number]
        if kind not in _WALKED or len(arguments[0]) > LENGTH_MAX:
            continue
        found = automaton(arguments[0])
        if found is not None:
            found.kinds.of(0)
        made += 1
        if made == PATTERNS_MAX:
            return
        yield
