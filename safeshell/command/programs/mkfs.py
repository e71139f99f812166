"""Data of mkfs."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "Vt:vh",
    "type= verbose help version lock",
    shows=["-h/--help"],
)
