"""Data of mv."""

from __future__ import annotations

from safeshell.command.programs._coreutils import BACKUP
from safeshell.command.programs.record import Record, gnu

PROGRAM: Record = gnu(
    "bfint:uvS:TZ", f"{BACKUP} context force interactive no-clobber update verbose no-copy exchange debug"
)
