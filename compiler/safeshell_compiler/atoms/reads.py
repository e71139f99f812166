"""Files that are read: `reads_under`, `reads_covers`, `reads_outside`, `reads_matches`."""

from __future__ import annotations

from safeshell_compiler.files_kind import READS_STATED, FilesKind

KIND = FilesKind("reads", order=94, turning=84, stated=READS_STATED)
