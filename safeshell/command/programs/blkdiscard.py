"""Data of blkdiscard."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "fo:l:p:svVzhq",
    "force offset= length= step= secure verbose version zeroout quiet help",
    shows=["-h/--help", "-V/--version"],
)
