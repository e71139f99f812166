"""A program in a terminal of its own, typed at and read as a person would: what is next is done once it is shown."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from harness import PATIENCE_S


class Terminal:
    """A pseudo-terminal that is the controlling terminal of a program's session."""

    def __init__(self, *argv: str, env: Mapping[str, str], cwd: str) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**env, "TERM": "xterm"},
            cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 # no threads here
        )
        os.close(slave)
        self._shown = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        if self._master >= 0:
            os.close(self._master)

    def type(self, text: str) -> None:
        """Types; "\\r" is the return key."""
        os.write(self._master, text.encode())

    def expect(self, pattern: str) -> bytes:
        """Reads until a pattern is shown after what was expected before; returns everything up to its end."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern.encode(), self._shown)):
            left = deadline - time.monotonic()
            assert left > 0, f"never shown: {pattern!r}; instead: {self._shown!r}"
            assert not select.select([self._master], [], [], left)[0] or self._read(), (
                f"ended before it showed {pattern!r}: {self._shown!r}"
            )
        shown, self._shown = self._shown[: found.end()], self._shown[found.end() :]
        return shown

    def _read(self) -> bool:
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # EIO: nobody holds the other end any more
            return False
        self._shown += data
        return bool(data)

    def finish(self) -> int:
        """Reads to the end; returns the program's exit status, or minus a signal."""
        while select.select([self._master], [], [], PATIENCE_S)[0] and self._read():
            pass
        return self.process.wait(PATIENCE_S)

    def hang_up(self) -> int:
        """Takes the terminal away; returns the program's exit status, or minus a signal."""
        os.close(self._master)
        self._master = -1
        return self.process.wait(PATIENCE_S)
