"""Data of pulumi."""

from __future__ import annotations

from safeshell.command.programs.record import Record, cobra

PROGRAM: Record = cobra(
    "s:C:y",
    "stack= cwd= yes force verbose= message= non-interactive logtostderr color= emoji tracing= refresh preview-only "
    "target= exclude-protected skip-preview remove preserve-config",
    tries=["--preview-only"],
)
