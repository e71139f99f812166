"""Runners: programs that run commands or texts, and which only the judge of lines looks into.

A row of a program that has subcommands gives the options before them; where options may follow operands too, or a
version differs, what takes a value is listed from all. An option that isn't known counts as one without a value.
"""

from __future__ import annotations

from safeshell.command.programs.record import Wrapper
from safeshell.command.programs.runners import clusters, environments, machines, packages, system, terminals

RUNNERS: dict[str, Wrapper] = {
    **system.RUNNERS,
    **machines.RUNNERS,
    **clusters.RUNNERS,
    **packages.RUNNERS,
    **environments.RUNNERS,
    **terminals.RUNNERS,
}
"""By basename."""
