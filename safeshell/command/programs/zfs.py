"""Data of zfs."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = {"subcommands": {"destroy": getopt("fnpRrvd", tries=["-n"]), "": getopt("")}}
