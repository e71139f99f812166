"""Canonical spellings: a command as it was written, and as what it really runs."""

from safeshell.spellings.spelling import FileWorld, Spelling, StatedWorld, World
from safeshell.spellings.unwrap import SPELLINGS_MAX, UNWRAPPED, is_plain, spellings

__all__ = ["SPELLINGS_MAX", "UNWRAPPED", "FileWorld", "Spelling", "StatedWorld", "World", "is_plain", "spellings"]
