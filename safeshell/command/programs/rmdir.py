"""Data of rmdir."""

from __future__ import annotations

from safeshell.command.programs.record import Record, gnu

PROGRAM: Record = gnu("pv", "ignore-fail-on-non-empty parents path verbose")
