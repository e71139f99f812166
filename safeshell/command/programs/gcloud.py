"""Data of gcloud."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "hqv",
    "help project= account= quiet format= configuration= verbosity= impersonate-service-account= billing-project= "
    "zone= region= version async flags-file= log-http trace-token= user-output-enabled",
    shows=["-h/--help", "help", "--version"],
)
