"""Flavours of the commands that every shell builds in: whose `echo` and `printf` a line runs."""

from __future__ import annotations

import enum

from safeshell.shell.syntax.tree import Dialect


class Flavour(enum.Enum):
    """An implementation of echo and printf.

    SH is what dash, bash as sh and busybox's ash agree on, for any of them may be the machine's `sh`.
    """

    BASH = enum.auto()
    SH = enum.auto()
    DASH = enum.auto()
    ZSH = enum.auto()
    COREUTILS = enum.auto()


BUILTIN = {Dialect.BASH: Flavour.BASH, Dialect.SH: Flavour.SH, Dialect.ZSH: Flavour.ZSH}
"""What a shell runs by the bare name."""

MAYBE = {**{dialect: (flavour,) for dialect, flavour in BUILTIN.items()}, Dialect.SH: (Flavour.DASH, Flavour.BASH)}
"""Which it may be, one of them."""
