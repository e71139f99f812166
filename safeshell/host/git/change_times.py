"""Change times of files: whether one can be relied on to tell that nothing changed."""

from __future__ import annotations

import os
import time

_SETTLED_NS = 3_000_000_000
"""Age from which a change is relied on: a second one within the clock's tick (2 s on FAT) has the same time."""

_TIMEKEEPERS = frozenset(b"ext2 ext3 ext4 xfs btrfs tmpfs overlay zfs f2fs bcachefs".split())
"""File systems whose change times can be relied on. Some of FUSE's never change a directory's."""

_KEEPS_TIME: dict[int, bool] = {}  # by device number


def _keeps_time(device: int) -> bool:
    known = _KEEPS_TIME.get(device)
    if known is None:
        number = b"%d:%d" % (os.major(device), os.minor(device))
        try:
            with open("/proc/self/mountinfo", "rb") as mounts:
                lines = [line.split() for line in mounts]
        except OSError:
            return False
        known = any(fields[2] == number and fields[fields.index(b"-") + 1] in _TIMEKEEPERS for fields in lines)
        _KEEPS_TIME[device] = known
    return known


def is_settled(status: os.stat_result) -> bool:
    """Whether a later change would be seen by its time, so that what is read now can be kept."""
    return time.time_ns() - status.st_ctime_ns > _SETTLED_NS and _keeps_time(status.st_dev)
