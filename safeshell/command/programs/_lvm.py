"""Options that the commands of LVM share."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

LVM: Record = getopt(
    "A:dfhl:L:nPqrS:tvy",
    "autobackup= debug force help extents= size= nofsck partial quiet resizefs select= test verbose yes "
    "commandprofile= config= devices= devicesfile= driverloaded= journal= lockopt= longhelp nohints nolocking "
    "noudevsync profile= "
    "reportformat= version",
    shows=["-h/--help", "--longhelp", "--version"],
    tries=["-t/--test"],
)
