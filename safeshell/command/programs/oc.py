"""Data of oc, which reads its arguments as kubectl does."""

from __future__ import annotations

from safeshell.command.programs.kubectl import PROGRAM

__all__ = ["PROGRAM"]
