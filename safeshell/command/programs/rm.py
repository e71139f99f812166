"""Data of rm."""

from __future__ import annotations

from safeshell.command.programs.record import Record, gnu

PROGRAM: Record = gnu(
    "dfiIrRv",
    # The last is called so: three dashes.
    "force interactive one-file-system no-preserve-root preserve-root recursive dir verbose -presume-input-tty",
)
