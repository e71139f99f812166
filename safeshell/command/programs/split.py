"""Data of split."""

from __future__ import annotations

from safeshell.command.programs.record import TEXT, Record, gnu

PROGRAM: Record = gnu(
    "a:b:C:dl:n:et:ux",
    "suffix-length= additional-suffix= bytes= line-bytes= numeric-suffixes hex-suffixes lines= number= "
    "elide-empty-files filter= separator= unbuffered verbose",
    runs={"--filter": TEXT},
)
