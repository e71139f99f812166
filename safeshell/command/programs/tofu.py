"""Data of tofu, which reads its arguments as terraform does."""

from __future__ import annotations

from safeshell.command.programs.terraform import PROGRAM

__all__ = ["PROGRAM"]
