"""Data of install."""

from __future__ import annotations

from safeshell.command.programs._coreutils import BACKUP
from safeshell.command.programs.record import Record, gnu

PROGRAM: Record = gnu(
    "bcCsDdg:m:o:pt:TvS:Z",
    f"{BACKUP} compare context debug directory group= mode= owner= preserve-timestamps preserve-context strip "
    "strip-program= verbose",
)
