"""Data of lvremove."""

from __future__ import annotations

from safeshell.command.programs._lvm import LVM
from safeshell.command.programs.record import Record

PROGRAM: Record = LVM
