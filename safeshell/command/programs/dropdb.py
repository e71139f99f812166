"""Data of dropdb."""

from __future__ import annotations

from safeshell.command.programs._postgresql import CONNECTION
from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt("efh:iU:wWp:V?", f"{CONNECTION} echo force interactive maintenance-db= if-exists")
