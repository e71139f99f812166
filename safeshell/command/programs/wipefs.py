"""Data of wipefs."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "aqfho:O:npit:bV",
    "all backup force noheadings json no-act offset= output= parsable quiet types= lock help version",
    shows=["-h/--help", "-V/--version"],
    tries=["-n/--no-act"],
)
