"""Data of helm."""

from __future__ import annotations

from safeshell.command.programs.record import Record, cobra

PROGRAM: Record = cobra(
    "n:",
    "namespace= kube-context= kubeconfig= debug values= set= set-string= set-file= set-json= output= timeout= wait "
    "no-hooks keep-history description= cascade= ignore-not-found dry-run install version= force atomic reuse-values",
    tries=["--dry-run/--dry-run=client/--dry-run=server/--dry-run=true"],
)
