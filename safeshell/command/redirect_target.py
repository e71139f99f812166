"""Target of a redirect: what runs in a command's place."""

from __future__ import annotations

import os
from collections.abc import Sequence

ARGUMENTS = "$ARGS"
"""The word that stands for the original arguments, each its own (contract)."""


def target_arguments(words: Sequence[str], arguments: bytes) -> bytes:
    """A redirect's arguments, as a block; never through a shell.

    Args:
        words: the rule's `redirect_to`, split.
        arguments: those of the command it stands in for, as a block.
    """
    original = arguments[arguments.index(b"\0") + 1 :]
    return b"".join([original if word == ARGUMENTS else os.fsencode(word) + b"\0" for word in words])
