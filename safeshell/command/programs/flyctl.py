"""Data of flyctl."""

from __future__ import annotations

from safeshell.command.programs.record import Record, cobra

PROGRAM: Record = cobra("a:c:t:yo:", "app= config= access-token= yes org= verbose debug")
