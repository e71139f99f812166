"""`python -m safeshell.install HOME`: makes a daemon's shims, in a process of its own (`daemon.sources.shim_upkeep`).

0 holds directories, each ended by NUL; 1 takes what came of it, as JSON; 3 is a socket for those that answered, open.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.install.shims import sync

HANDED_OVER_MAX = 64
"""Directories that the daemon hears of changes in, a descriptor each: the last seen, so those that are in use."""


def main() -> None:
    """Makes the shims and says what came of it."""
    os.nice(10)
    seen = [os.fsdecode(directory) for directory in sys.stdin.buffer.read().split(b"\0") if directory]
    answer: dict[str, Any]
    descriptors: tuple[int, ...] = ()
    try:
        synced = sync(Home(sys.argv[1]), by_hand=False, seen=seen, hand_over=HANDED_OVER_MAX)
        descriptors = synced.descriptors
        answer = {
            "error": "",
            "count": len(synced.added) + len(synced.kept),
            "changed": [*synced.added, *synced.removed, *synced.mended],
            "lacking": synced.lacking,
            "unread": synced.unread,
        }
    except SafeShellError as error:
        answer = {"error": error.message, "count": 0, "changed": [], "lacking": [], "unread": []}
    with socket.socket(fileno=3) as out:
        socket.send_fds(out, [b"."], descriptors)
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
