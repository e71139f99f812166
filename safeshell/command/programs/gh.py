"""Data of gh."""

from __future__ import annotations

from safeshell.command.programs.record import Record, cobra

PROGRAM: Record = cobra(
    "R:",
    "repo= yes confirm",
    "alias api attestation auth browse cache codespace completion config extension gist gpg-key issue label org pr "
    "project release repo ruleset run search secret ssh-key status variable workflow",
)
