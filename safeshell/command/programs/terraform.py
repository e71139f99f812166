"""Data of terraform."""

from __future__ import annotations

from safeshell.command.programs.record import Record, words

# Looked for before anything else is read.
_SHOWN: Record = {"shows": ["-help/-h", "-version/-v"]}
_INNER: Record = {
    "words": True,
    "stops": True,
    "long": words(
        "var= var-file= target= replace= out= state= state-out= backup= parallelism= lock-timeout= config= "
        "backend-config= from-module= plugin-dir= generate-config-out= auto-approve destroy lock input "
        "compact-warnings json no-color refresh refresh-only detailed-exitcode force dry-run "
        "ignore-remote-version allow-missing help h version v"
    ),
    **_SHOWN,
}
_NESTED: Record = {"words": True, "long": ["help", "h", "version", "v"], **_SHOWN, "subcommands": {"": _INNER}}
_TRIED: Record = {**_INNER, "tries": ["-dry-run"]}
PROGRAM: Record = {
    "words": True,
    "apart": True,
    "long": ["chdir", "help", "h", "version", "v"],  # chdir's argument is only ever attached
    "shows": ["-help/-h", "-version/-v", "version"],
    "tries": ["plan"],
    "subcommands": {
        "plan": {**_INNER, "acts": ["-out", "-generate-config-out"]},
        "state": {**_NESTED, "subcommands": {"rm": _TRIED, "mv": _TRIED, "": _INNER}},
        "workspace": _NESTED,
        "": _INNER,
    },
}
