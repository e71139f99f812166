"""Data of mkfs.vfat."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "aAb:cCD:f:F:g:h:i:Il:m:M:n:r:R:s:S:v",
    "codepage= invariant mbr offset= variant= help",
    exact=True,
    shows=["--help"],
)
