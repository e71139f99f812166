"""Data of fly, which reads its arguments as flyctl does."""

from __future__ import annotations

from safeshell.command.programs.flyctl import PROGRAM

__all__ = ["PROGRAM"]
