"""Edits of a home's own rules, noticed without a command: what they are about may have no shim that could tell of it.

Only the home's directory and the machine's are watched: what is included from elsewhere counts from the next command
on, as does all of it where the kernel can't tell.
"""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Sequence

from safeshell.daemon.core.loop import Loop
from safeshell.daemon.sources.origin import Origin
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.paths import SYSTEM_RULES, Home

START_S = 0.5
"""From the daemon's start to the first look: whoever waits for its first answer needn't wait for this."""

SETTLE_S = 0.2
"""From a change to the look: an editor writes, renames and sets times; a command that comes first has it compiled."""

# inotify(7). Not IN_MODIFY: the audit log is written with each denial, and stays open.
_CLOSE_WRITE, _MOVED_TO, _DELETE = 0x8, 0x80, 0x200
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


class EditWatch:
    """Has edits compiled.

    Args:
        home: whose rules.
        policies: compile.
        loop: what drives it.
    """

    def __init__(self, home: Home, policies: Policies, loop: Loop) -> None:
        self._home = home
        self._policies = policies
        self._loop = loop
        self._descriptor = -1
        self._looking = False

    def start(self) -> None:
        """Begins, in a moment."""
        self._loop.call_later(START_S, self._begin)

    @property
    def watching(self) -> int:
        """Descriptors that are held for it."""
        return int(self._descriptor >= 0)

    def _begin(self) -> None:
        import ctypes  # noqa: PLC0415 # heavy: it would take longer to load than the first answer may

        libc = ctypes.CDLL(None)
        self._descriptor = libc.inotify_init1(_FLAGS)
        if self._descriptor < 0:  # none to be had: edits count from the next command on
            return
        for directory in (self._home.root, SYSTEM_RULES):
            libc.inotify_add_watch(self._descriptor, os.fsencode(directory), _CLOSE_WRITE | _MOVED_TO | _DELETE)
        self._loop.register(self._descriptor, select.EPOLLIN, self._hear)
        self._look()

    def _hear(self, _events: int) -> None:
        """Something has changed; what, is told by the sources themselves."""
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._descriptor, 1 << 14)) > 1 << 13:
                pass
        if not self._looking:
            self._looking = True
            self._loop.call_later(SETTLE_S, self._look)

    def _look(self) -> None:
        self._looking = False
        stale = self._policies.stale(())
        if stale:
            if self._policies.user in stale and self._policies.user.job is None:
                self._policies.edits.nobody_asks()
            self._policies.compile(stale, lambda _ended: self._compiled(stale))

    def _compiled(self, origins: Sequence[Origin]) -> None:
        """Leaves what has errors to the next command, which compiles it once more: it is to be told of them."""
        for origin in origins:
            if origin.error and not origin.persists:
                origin.watch = {}
