"""Data of sfdisk."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "AdJBglFrsTVabfN:nO:o:qw:W:X:Y:GLu:hv",
    "activate dump json backup-pt-sectors show-geometry list list-free reorder show-size list-types verify delete "
    "part-label part-type part-uuid part-attrs disk-id relocate append backup bytes move-data move-use-fsync "
    "force color lock partno= no-act no-reread no-tell-kernel backup-file= output= quiet wipe= wipe-partitions= "
    "label= label-nested= show-pt-geometry Linux unit= help version",
    shows=["-h/--help", "-V/--version"],
    tries=["-n/--no-act"],
)
