"""Data of crontab."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt("u:leirsnx:T:V")
