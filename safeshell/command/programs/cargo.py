"""Data of cargo."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

_OPTIONS = getopt(
    "hVvqnp:F:j:Z:C:",
    "help version verbose quiet dry-run index= registry= token= no-verify allow-dirty package= exclude= workspace "
    "features= all-features no-default-features target= target-dir= jobs= keep-going manifest-path= lockfile-path= "
    "locked offline frozen config= color= undo vers= list",
    exact=True,
)
_OTHER: Record = {**_OPTIONS, "shows": ["-h/--help"]}
_DRY: Record = {**_OTHER, "tries": ["-n/--dry-run"]}
PROGRAM: Record = {
    **_OPTIONS,
    "shows": ["-h/--help", "-V/--version", "help", "version"],
    "subcommands": {"publish": _DRY, "": _OTHER},
}
