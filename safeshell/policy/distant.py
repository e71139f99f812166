"""Facts of paths on mounts that may not answer: put off while a request is decided, then read by another process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safeshell.host.distant_mounts import Mounts

if TYPE_CHECKING:
    from safeshell.policy.world import Fact, FactKey, Read

Asked = tuple["Read", "FactKey"]
"""The place that a fact is read from, and the fact."""


class DistantFacts:
    """What one request asks of such mounts.

    Attributes:
        mounts: which those are.
        deferred: what was asked and isn't known, which counts as undecided, by mount.
        known: what was read; UNDECIDED where no answer came.
    """

    __slots__ = ("deferred", "known", "mounts")

    def __init__(self, mounts: Mounts) -> None:
        self.mounts = mounts
        self.deferred: dict[bytes, list[Asked]] = {}
        self.known: dict[Asked, Fact] = {}
