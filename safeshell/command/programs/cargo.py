"""Data of cargo."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt, words

_OPTIONS = getopt(
    "hVvqnp:F:j:Z:C:",
    "help version verbose quiet dry-run index= registry= token= no-verify allow-dirty package= exclude= workspace "
    "features= all-features no-default-features target= target-dir= jobs= keep-going manifest-path= lockfile-path= "
    "locked offline frozen config= color= undo vers= list",
    exact=True,
)
# Others are somebody else's.
_COMMANDS = words(
    "add bench build check clean doc fetch fix generate-lockfile info init install locate-project login logout "
    "metadata new owner package pkgid remove report run rustc rustdoc search test tree uninstall update vendor yank"
)
_OTHER: Record = {**_OPTIONS, "shows": ["-h/--help"]}
_DRY: Record = {**_OTHER, "tries": ["-n/--dry-run"]}
PROGRAM: Record = {
    **_OPTIONS,
    "shows": ["-h/--help", "-V/--version", "help", "version"],
    "subcommands": {"publish": _DRY, **dict.fromkeys(_COMMANDS, _OTHER)},
}
