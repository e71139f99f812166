"""Data of dropuser."""

from __future__ import annotations

from safeshell.command.programs._postgresql import CONNECTION
from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt("eh:iU:wWp:V?", f"{CONNECTION} echo interactive if-exists")
