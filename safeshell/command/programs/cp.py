"""Data of cp."""

from __future__ import annotations

from safeshell.command.programs._coreutils import BACKUP
from safeshell.command.programs.record import Record, gnu

PROGRAM: Record = gnu(
    "abdfHilLnprst:uvxPRS:TZ",
    f"{BACKUP} archive attributes-only copy-contents dereference force interactive link no-clobber no-dereference "
    "no-preserve= one-file-system parents path preserve recursive remove-destination reflink sparse= "
    "symbolic-link update verbose context keep-directory-symlink debug",
)
