"""Data of truncate."""

from __future__ import annotations

from safeshell.command.programs.record import Record, gnu

PROGRAM: Record = gnu("cor:s:", "no-create io-blocks reference= size=")
