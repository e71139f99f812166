"""The PIN that answering an agent's request takes: kept as a scrypt hash, tried at a limited rate, checked in a thread.

The hash takes tens of milliseconds on purpose; `hashlib.scrypt` lets go of the interpreter meanwhile, so the daemon
serves on.
Wrong tries are counted in the file, before they are checked: neither a restart nor many at once gives more of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from safeshell.daemon.core.loop import Loop
from safeshell.home.paths import Home
from safeshell.home.writing import write_atomically

MIN_LENGTH = 4
MAX_LENGTH = 256

FREE_TRIES = 5
"""Wrong PINs in a row before each takes a wait."""

WAIT_S = 30.0
"""The first wait; it doubles with every further wrong one, up to an hour."""

WAIT_MAX_S = 3600.0

_COST = {"n": 1 << 15, "r": 8, "p": 1}
"""32 MiB and about 0.1 s a try (RFC 7914)."""

Answer = Callable[[str], None]
"""Called once: why the PIN does not count, or ""."""


class Pins:
    """The PIN of a home.

    Args:
        home: whose.
        loop: where answers are given.
    """

    def __init__(self, home: Home, loop: Loop) -> None:
        self._path = home.pin
        self._loop = loop
        self._done: deque[Callable[[], None]] = deque()
        self._wakeup = -1

    @property
    def enrolled(self) -> bool:
        """Whether there is one."""
        return os.path.exists(self._path)

    def check(self, pin: object, answer: Answer) -> None:
        """Whether this is the PIN; the answer comes later."""
        try:
            record = self._read()
        except (OSError, ValueError, KeyError, TypeError):
            answer("there is no PIN yet: run `safeshell approvals enroll` at a terminal")
            return
        if not isinstance(pin, str) or not pin:
            answer("it takes the PIN")
            return
        wait = record["until"] - _now() if record["boot"] == _boot() else 0.0
        if wait > 0:
            answer(f"too many wrong PINs: wait {wait:.0f} s")
            return
        tries = record["wrong"] + 1
        if tries >= FREE_TRIES:
            record["until"] = _now() + min(WAIT_MAX_S, WAIT_S * 2.0 ** (tries - FREE_TRIES))
        record["wrong"] = tries
        record["boot"] = _boot()
        if not self._write(record):
            answer(f"can't write {self._path}")
            return

        def compare() -> bool:
            import hmac  # noqa: PLC0415 # as `hashlib` below

            return hmac.compare_digest(_hash(pin, record), bytes.fromhex(record["hash"]))

        def take(right: bool) -> None:
            if right:
                self._write({**record, "wrong": 0, "until": 0.0})
            answer("" if right else "wrong PIN")

        self._work(compare, take)

    def enroll(self, pin: object, old: object, answer: Answer) -> None:
        """Sets the PIN; where there is one already, it takes the old one."""
        if not isinstance(pin, str) or not MIN_LENGTH <= len(pin) <= MAX_LENGTH:
            answer(f"a PIN has {MIN_LENGTH} to {MAX_LENGTH} characters")
            return

        def go_on(problem: str) -> None:
            if problem:
                answer(problem)
                return
            record: dict[str, Any] = {**_COST, "salt": os.urandom(16).hex(), "wrong": 0, "until": 0.0, "boot": _boot()}

            def take(made: bytes) -> None:
                answer("" if self._write({**record, "hash": made.hex()}) else f"can't write {self._path}")

            self._work(lambda: _hash(pin, record), take)

        if self.enrolled:
            self.check(old, go_on)
        else:
            go_on("")

    def _read(self) -> dict[str, Any]:
        with open(self._path, encoding="ascii") as stream:
            record: dict[str, Any] = json.load(stream)
        return {**record, "wrong": int(record["wrong"]), "until": float(record["until"]), "boot": record["boot"]}

    def _write(self, record: dict[str, Any]) -> bool:
        try:
            write_atomically(self._path, json.dumps(record).encode(), 0o600)
        except OSError:
            return False
        return True

    def _work(self, work: Callable[[], Any], take: Callable[[Any], None]) -> None:
        """Does the work in a thread, and what comes of it in the loop."""
        if self._wakeup < 0:
            self._wakeup = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            self._loop.register(self._wakeup, select.EPOLLIN, self._deliver)

        import threading  # noqa: PLC0415 # milliseconds of the daemon's start, and rarely needed

        def run() -> None:
            result = work()
            self._done.append(lambda: take(result))
            os.eventfd_write(self._wakeup, 1)

        threading.Thread(target=run, daemon=True).start()

    def _deliver(self, _events: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wakeup)
        while self._done:
            self._done.popleft()()


def _now() -> float:
    """Seconds since boot, which nobody can set back, asleep or not."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _boot() -> str:
    """What tells this boot from another."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
        return stream.read().strip()


def _hash(pin: str, record: dict[str, Any]) -> bytes:
    import hashlib  # noqa: PLC0415 # loads OpenSSL, which few daemons need for this

    salt = bytes.fromhex(record["salt"])
    cost = {name: int(record[name]) for name in _COST}
    return hashlib.scrypt(pin.encode(), salt=salt, maxmem=256 << 20, dklen=32, **cost)
