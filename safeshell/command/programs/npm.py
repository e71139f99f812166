"""Data of npm."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

_OPTIONS = getopt(
    "hvfgw:C:lsqdy",
    "help version registry= tag= access= otp= workspace= workspaces include-workspace-root force global ignore-scripts "
    "provenance loglevel= prefix= userconfig= globalconfig= cache= json silent quiet verbose yes scope= dry-run "
    "save save-dev legacy-peer-deps omit= include= foreground-scripts",
    exact=True,
)
# `false` behind an option takes it back.
_OTHER: Record = {**_OPTIONS, "tries": ["-h/--help", "-v/--version"], "acts": ["false"]}
_DRY: Record = {**_OTHER, "tries": [*_OTHER["tries"], "--dry-run/--dry-run=true"]}
PROGRAM: Record = {**_OTHER, "shows": ["help"], "subcommands": {"publish": _DRY, "unpublish": _DRY, "": _OTHER}}
