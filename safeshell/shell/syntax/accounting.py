"""Accounting of a text: its bytes that a tree leaves out."""

from safeshell.shell.syntax.tree import Script


def unaccounted(script: Script) -> list[tuple[int, int]]:
    """None yet."""
    del script
    return []
