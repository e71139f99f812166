"""Options that several of the coreutils have."""

from __future__ import annotations

OWNER = (
    "changes silent quiet verbose dereference no-dereference from= no-preserve-root preserve-root reference= recursive"
)
"""Of those that change whose a file is."""

BACKUP = "backup suffix= target-directory= no-target-directory strip-trailing-slashes"
"""Of those that make files, and may keep what was there."""
