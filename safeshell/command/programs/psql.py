"""Data of psql."""

from __future__ import annotations

from safeshell.command.programs._postgresql import CONNECTION
from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "aAbc:d:eEf:F:h:HlL:no:p:P:qR:sStT:U:v:VwWxXz01?",
    f"{CONNECTION} echo-all no-align command= dbname= echo-queries echo-errors echo-hidden file= field-separator= "
    "field-separator-zero html list log-file= no-readline single-transaction output= pset= quiet "
    "record-separator= record-separator-zero single-step single-line tuples-only table-attr= set= variable= "
    "expanded no-psqlrc csv",
    shows=["-?/--help/--help=options/--help=commands/--help=variables", "-V/--version"],
)
