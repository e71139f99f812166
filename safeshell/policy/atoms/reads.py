"""Files that are read: `reads_under`, `reads_covers`, `reads_outside`, `reads_matches`."""

from __future__ import annotations

from safeshell.policy.lies import Files, Used

KIND = Files("reads", (Used("reads"),))
