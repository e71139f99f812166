"""Data of mkfs.ext4, which is mke2fs."""

from __future__ import annotations

from safeshell.command.programs.mke2fs import PROGRAM

__all__ = ["PROGRAM"]
