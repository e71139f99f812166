"""Data of helm."""

from __future__ import annotations

from safeshell.command.programs.record import Record, cobra

PROGRAM: Record = cobra(
    "n:",
    "namespace= kube-context= kubeconfig= debug values= set= set-string= set-file= set-json= output= timeout= wait "
    "no-hooks keep-history description= cascade= ignore-not-found dry-run install version= force atomic reuse-values",
    "completion create dependency env get history install lint list ls package plugin pull push registry repo rollback "
    "search show status template test uninstall delete del un upgrade verify",
    tries=["--dry-run/--dry-run=client/--dry-run=server/--dry-run=true"],
)
