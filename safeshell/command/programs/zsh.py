"""Data of zsh."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = {
    **getopt("abcdefghijklmnprstuvwxyACDEFGHIJKLMNOPQRSTUVWXYZ0123456789o:", "help version", exact=True),
    "stops": True,
    "shows": ["--help", "--version"],
    # As bash does; options have names, too.
    "tries": ["-n"],
    "acts": ["-i", "-o", "--exec", "+"],
}
