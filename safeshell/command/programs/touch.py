"""Data of touch."""

from __future__ import annotations

from safeshell.command.programs.record import Record, gnu

PROGRAM: Record = gnu("acd:fhmr:t:", "time= no-create date= reference= no-dereference")
