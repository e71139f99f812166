"""Data of sh, which reads its arguments as dash does."""

from __future__ import annotations

from safeshell.command.programs.dash import PROGRAM

__all__ = ["PROGRAM"]
