"""Data of eksctl."""

from __future__ import annotations

from safeshell.command.programs.record import Record, cobra

PROGRAM: Record = cobra("f:n:r:p:v:", "config-file= name= region= profile= verbose= wait cluster= force approve")
