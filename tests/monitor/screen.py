"""A terminal as it is seen: what a program writes, drawn by a terminal emulator."""

from __future__ import annotations

import re
import select
import time
from collections.abc import Mapping, Sequence

import pyte
from e2e.terminal import Terminal
from harness import PATIENCE_S

from safeshell.monitor.guard import QUIET_S

_KITTY = re.compile(rb"\x1b\[[<>=][0-9;]*[a-z]")

KEYS = {"down": "\x1b[B", "left": "\x1b[D", "enter": "\r", "escape": "\x1b"}


class SeenTerminal(Terminal):
    """A pseudo-terminal and its screen."""

    def __init__(self, *argv: str, env: Mapping[str, str], cwd: str) -> None:
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)
        super().__init__(*argv, env=env, cwd=cwd)

    def _read(self) -> bool:
        before = len(self._shown)
        more = super()._read()
        # The emulator takes the markers of private sequences that it doesn't know (`CSI > 1 u`) for text.
        self._stream.feed(_KITTY.sub(b"", self._shown[before:]))
        return more

    def seen(self) -> str:
        """What is on the screen."""
        return "\n".join(self._screen.display)

    def sees(self, *texts: str, without: str = "\0") -> None:
        """Reads until all of these are on the screen, and something else isn't."""
        assert self._soon(PATIENCE_S, texts, without), f"never seen: {texts}; instead:\n{self.seen()}"

    def _soon(self, patience_s: float, texts: Sequence[str], without: str = "\0") -> bool:
        deadline = time.monotonic() + patience_s
        while not all(text in self.seen() for text in texts) or without in self.seen():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if select.select([self._master], [], [], left)[0]:
                assert self._read(), f"ended before it showed {texts}:\n{self.seen()}"
        return True

    def press(self, *keys: str) -> None:
        """Presses keys, by name or as they are."""
        for key in keys:
            self.type(KEYS.get(key, key))

    def press_once(self, key: str, *texts: str) -> None:
        """Presses a key as somebody does who has read what is asked, again only where it is said to have come too fast.

        One more would be in the field that comes.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            self._soon(2 * QUIET_S, ["\0"])
            self.press(key)
            if self._soon(PATIENCE_S / 4, texts):
                return
            assert "too fast" in self.seen(), f"never seen: {texts}; instead:\n{self.seen()}"
            assert time.monotonic() < deadline

    def until_taken(self, key: str, *texts: str) -> None:
        """Presses a key as often as it takes until these are seen: one that comes too fast is not taken."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            self.press(key)
            if self._soon(2 * QUIET_S, texts):
                return
            assert time.monotonic() < deadline, f"never seen: {texts}; instead:\n{self.seen()}"
