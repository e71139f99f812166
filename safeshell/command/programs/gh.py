"""Data of gh."""

from __future__ import annotations

from safeshell.command.programs.record import Record, cobra

PROGRAM: Record = cobra("R:", "repo= yes confirm")
