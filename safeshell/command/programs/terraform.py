"""Data of terraform."""

from __future__ import annotations

from safeshell.command.programs.record import Record, words

_INNER: Record = {
    "words": True,
    "stops": True,
    "long": words(
        "var= var-file= target= replace= out= state= state-out= backup= parallelism= lock-timeout= config= "
        "backend-config= from-module= plugin-dir= generate-config-out="
    ),
}
_NESTED: Record = {"words": True, "subcommands": {"": _INNER}}
PROGRAM: Record = {
    "words": True,
    "apart": True,
    "long": ["chdir"],  # only ever attached
    "subcommands": {"state": _NESTED, "workspace": _NESTED, "": _INNER},
}
