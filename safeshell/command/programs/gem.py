"""Data of gem."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "hv:p:V", "help version= platform= key= host= otp= verbose quiet silent debug", shows=["-h/--help"]
)
