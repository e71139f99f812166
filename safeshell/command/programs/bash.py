"""Data of bash."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = {
    **getopt(
        "abefhkmnptuvxBCEHPTilsrDcO:o:",
        "debug debugger dump-po-strings dump-strings help init-file= login noediting "
        "noprofile norc posix pretty-print rcfile= restricted verbose version wordexp",
        exact=True,
    ),
    "stops": True,
    "shows": ["--help", "--version"],
    # Without running anything: but at a terminal, and where it is switched off again.
    "tries": ["-n"],
    "acts": ["-i", "-o", "+"],
}
