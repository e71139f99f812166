"""Data of mkfs.btrfs."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "A:b:d:fhKl:L:m:Mn:O:qr:R:s:U:vV",
    "alloc-start= byte-count= checksum= csum= label= features= force leafsize= metadata= data= mixed nodesize= "
    "nodiscard rootdir= runtime-features= sectorsize= shrink quiet uuid= verbose help version",
    shows=["--help", "-V/--version"],
)
