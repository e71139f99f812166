"""Data of dpkg."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "irPVCLlsSpAcxXeIRBGOEuD:",
    "install remove purge unpack configure verify audit no-act dry-run simulate force-all force-remove-essential "
    "force-depends recursive abort-after root= admindir= instdir= status-fd= log= auto-deconfigure skip-same-version "
    "refuse-downgrade selected-only pending no-pager",
    exact=True,
    stops=True,
    tries=["--no-act/--dry-run/--simulate"],
)
