"""Data of apt-get."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "hvsyqdfmbo:c:t:a:V",
    "help version simulate just-print dry-run recon no-act yes assume-yes assume-no quiet download-only fix-broken "
    "purge auto-remove autoremove allow-remove-essential option= config-file= target-release= default-release= "
    "host-architecture= build-profiles= show-progress verbose-versions reinstall allow-downgrades "
    "no-install-recommends",
    exact=True,
    tries=["-h/--help", "-v/--version", "-s/--simulate/--just-print/--dry-run/--recon/--no-act"],
    # A setting may say otherwise.
    acts=["-o", "--option", "-c", "--config-file"],
)
