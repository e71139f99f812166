"""Canonical spellings: a command as it was written, and as what it really runs."""

from safeshell.command.unwrap.spelling import FileWorld, Spelling, StatedWorld, World
from safeshell.command.unwrap.unwrapping import SPELLINGS_MAX, UNWRAPPED, is_plain, spellings

__all__ = ["SPELLINGS_MAX", "UNWRAPPED", "FileWorld", "Spelling", "StatedWorld", "World", "is_plain", "spellings"]
