"""Data of podman, which reads its arguments as docker does."""

from __future__ import annotations

from safeshell.command.programs.docker import PROGRAM

__all__ = ["PROGRAM"]
