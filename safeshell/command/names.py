"""Command names as rules write them: basenames, and shell patterns of basenames."""

from __future__ import annotations


def is_glob(name: str) -> bool:
    """Whether a command name is a pattern; a lone `[` is the command of that name."""
    return "*" in name or "?" in name or "]" in name[name.find("[") + 2 :] * ("[" in name)
