"""Data of doctl."""

from __future__ import annotations

from safeshell.command.programs.record import Record, cobra

PROGRAM: Record = cobra("t:c:u:o:vf", "access-token= config= context= api-url= output= verbose trace force")
