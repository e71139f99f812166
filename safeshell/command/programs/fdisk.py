"""Data of fdisk."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "b:Bc::L::lxno:t:u::sw:W:C:H:S:hV",
    "sector-size= protect-boot compatibility color list list-details noauto-pt output= type= units getsz bytes "
    "lock wipe= wipe-partitions= cylinders= heads= sectors= help version",
    shows=["-h/--help", "-V/--version"],
)
