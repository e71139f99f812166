"""Data of apt, which reads its arguments as apt-get does."""

from __future__ import annotations

from safeshell.command.programs.apt_get import PROGRAM

__all__ = ["PROGRAM"]
