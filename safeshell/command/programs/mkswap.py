"""Data of mkswap."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "cfL:o:p:U:e:s:qv:Vh",
    "check force label= offset= pagesize= uuid= swapversion= verbose lock endianness= size= file quiet help version",
    shows=["-h/--help", "-V/--version"],
)
