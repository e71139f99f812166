"""Files that are written: `writes_under`, `writes_covers`, `writes_outside`, `writes_matches`."""

from __future__ import annotations

from safeshell.policy.lies import Files, Leads, Lies, Used

KIND = Files("writes", (Used("writes"), Lies("covers"), Lies("outside"), Leads()))
