"""Data of tee."""

from __future__ import annotations

from safeshell.command.programs.record import Record, gnu

PROGRAM: Record = gnu("aip", "append ignore-interrupts output-error")
