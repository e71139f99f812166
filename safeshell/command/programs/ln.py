"""Data of ln."""

from __future__ import annotations

from safeshell.command.programs._coreutils import BACKUP
from safeshell.command.programs.record import Record, gnu

PROGRAM: Record = gnu(
    "bdfinrst:vFLPS:T",
    f"{BACKUP} directory no-dereference force interactive symbolic verbose logical physical relative",
)
