"""Where agents' settings lie below a user's directory, and all that is there."""

from __future__ import annotations

from pathlib import Path

from safeshell.hooks.wiring.agents import all_agents

AGENTS = all_agents()


def settings_of(user: Path, name: str) -> Path:
    return Path(AGENTS[name].places[0].user.path({"HOME": str(user)}))


def tree(user: Path) -> dict[str, bytes | None]:
    """All that is in a user's directory, but SafeShell's own."""
    found = {str(path): path.read_bytes() if path.is_file() else None for path in user.rglob("*")}
    return {path: data for path, data in found.items() if "/.safeshell" not in path}
