"""Data of dash."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = {
    **getopt("aCefnuvxIimqVEbpsclo:", exact=True),
    "stops": True,
    # As bash does.
    "tries": ["-n"],
    "acts": ["-i", "-o", "+"],
}
