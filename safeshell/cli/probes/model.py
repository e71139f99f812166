"""Model of a probe."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """Finding of one probe.

    Attributes:
        name: what was probed.
        ok: whether it is as it should be; None where there was nothing to probe.
        found: one line.
        hint: what mends it, or "".
    """

    name: str
    ok: bool | None
    found: str
    hint: str = ""
