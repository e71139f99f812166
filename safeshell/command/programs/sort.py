"""Data of sort."""

from __future__ import annotations

from safeshell.command.programs.record import COMMAND, Record, gnu

PROGRAM: Record = gnu(
    "bdfghiMnRrVcCk:mo:sS:t:T:uz",
    "ignore-leading-blanks dictionary-order ignore-case general-numeric-sort ignore-nonprinting month-sort "
    "human-numeric-sort numeric-sort random-sort random-source= reverse sort= version-sort batch-size= check "
    "compress-program= debug files0-from= key= merge output= stable buffer-size= field-separator= temporary-directory= "
    "parallel= unique zero-terminated",
    runs={"--compress-program": COMMAND},
)
