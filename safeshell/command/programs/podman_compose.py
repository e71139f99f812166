"""Data of podman-compose, which reads its arguments as docker-compose does."""

from __future__ import annotations

from safeshell.command.programs.docker_compose import PROGRAM

__all__ = ["PROGRAM"]
