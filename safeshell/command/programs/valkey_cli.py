"""Data of valkey-cli, which reads its arguments as redis-cli does."""

from __future__ import annotations

from safeshell.command.programs.redis_cli import PROGRAM

__all__ = ["PROGRAM"]
