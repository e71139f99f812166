"""Data of badblocks."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt("b:c:d:e:fi:no:p:st:vwBX")
