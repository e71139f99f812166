"""Data of shred."""

from __future__ import annotations

from safeshell.command.programs.record import Record, gnu

PROGRAM: Record = gnu("fn:s:uvxz", "exact force iterations= size= random-source= remove verbose zero")
