"""Data of chown."""

from __future__ import annotations

from safeshell.command.programs._coreutils import OWNER
from safeshell.command.programs.record import Record, gnu

PROGRAM: Record = gnu("HLPRcfhv", OWNER)
