"""Data of az."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "hg:n:o:y",
    "help name= resource-group= output= query= subscription= yes verbose debug only-show-errors no-wait ids= version",
    shows=["-h/--help"],
)
