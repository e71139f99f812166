"""Data of fdfind, as Debian calls fd."""

from __future__ import annotations

from safeshell.command.programs.fd import PROGRAM

__all__ = ["PROGRAM"]
