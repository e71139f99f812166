"""Watch over the mounts that may not answer: the kernel says when the list of mounts changes."""

from __future__ import annotations

import os
import select
from collections.abc import Callable

from safeshell.daemon.core.loop import Loop
from safeshell.host.distant_mounts import NONE, Mounts


class MountWatch:
    """Reads the list at the start and whenever it changes; it costs a request nothing.

    Attributes:
        mounts: those of the daemon's own mount namespace.
        fileno: of the list; -1 where there is none.
        on_change: called when others are there than before.
    """

    def __init__(self, loop: Loop, path: str = "/proc/self/mountinfo") -> None:
        self.mounts = NONE
        self.on_change: Callable[[], None] = lambda: None
        try:
            self.fileno = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self.fileno = -1
            return
        self.read()
        loop.register(self.fileno, select.EPOLLPRI | select.EPOLLERR, lambda _events: self.read())

    def read(self) -> None:
        """Reads the list as it is now."""
        content = b""
        offset = 0
        while piece := os.pread(self.fileno, 1 << 16, offset):
            content += piece
            offset += len(piece)
        mounts = Mounts(content)
        if mounts.points != self.mounts.points:
            self.mounts = mounts
            self.on_change()
