"""Files that are written: `writes_under`, `writes_covers`, `writes_outside`, `writes_matches`."""

from __future__ import annotations

from safeshell_compiler.files_kind import WRITES_STATED, FilesKind

KIND = FilesKind("writes", order=92, turning=82, stated=WRITES_STATED)
