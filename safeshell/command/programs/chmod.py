"""Data of chmod."""

from __future__ import annotations

from safeshell.command.programs.record import Record, gnu

# It takes a mode that begins with a dash for an option, as `chmod -w file` has it.
_MODES = "".join(f"{letter}::" for letter in "rwxXstugoa,+=01234567")

PROGRAM: Record = gnu(
    f"Rcfv{_MODES}",
    "changes recursive no-preserve-root preserve-root quiet reference= silent verbose dereference no-dereference",
)
