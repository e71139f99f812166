"""Data of twine."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "hr:u:p:c:si:",
    "help version repository= repository-url= username= password= comment= sign sign-with= identity= config-file= "
    "skip-existing cert= client-cert= verbose disable-progress-bar non-interactive attestations",
    shows=["-h/--help", "--version"],
)
