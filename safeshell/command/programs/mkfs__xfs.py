"""Data of mkfs.xfs."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "b:c:d:fi:l:L:m:n:KNp:qr:s:CV",
    tries=["-N", "-V"],
)
