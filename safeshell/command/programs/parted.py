"""Data of parted."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "hlmjsfva:",
    "help list machine json script fix version align=",
    shows=["-h/--help", "-v/--version"],
)
