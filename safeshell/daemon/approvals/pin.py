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
from typing import Any, TypeVar

from safeshell.daemon.core.loop import Loop
from safeshell.home.paths import Home
from safeshell.home.writing import write_atomically

MIN_LENGTH, MIN_DIGITS = 6, 8
"""Characters, and digits where there is nothing else: at half a second a try eight take a year and a half of a
processor, six letters more. One that was set when fewer did is still taken, and said to be short where it is given."""

MAX_LENGTH = 256
DIFFERENT_MIN = 4

FREE_TRIES = 5
"""Wrong PINs in a row before each takes a wait."""

WAIT_S = 30.0
"""The first wait; it doubles with every further wrong one, up to an hour."""

WAIT_MAX_S = 3600.0

_COST = {"n": 1 << 17, "r": 8, "p": 1}
"""128 MiB and about 0.5 s a try (RFC 7914)."""

_MEMORY_MAX = 256 << 20

_SHORT = "the PIN is short and soon guessed: `safeshell approvals enroll` sets a longer one"

_Made = TypeVar("_Made")

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

    @property
    def note(self) -> str:
        """What is to be said of the PIN that was given last: it is shorter than one may be set today; or ""."""
        try:
            short = self._read().get("short", False)
        except (OSError, ValueError, KeyError, TypeError):
            return ""
        return _SHORT if short else ""

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
        secret = _encode(pin)
        if secret is None:
            answer("wrong PIN")  # none that could have been set
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

            return hmac.compare_digest(_hash(secret, record), bytes.fromhex(record["hash"]))

        def take(right: bool | None) -> None:
            if right:
                self._write({**record, "wrong": 0, "until": 0.0, "short": bool(_weakness(pin))})
            answer("" if right else "the PIN can't be checked" if right is None else "wrong PIN")

        self._work(compare, take)

    def enroll(self, pin: object, old: object, answer: Answer) -> None:
        """Sets the PIN; where there is one already, it takes the old one."""
        weakness = _weakness(pin) if isinstance(pin, str) else "a PIN is a text"
        if not isinstance(pin, str) or weakness:
            answer(weakness)
            return
        secret = _encode(pin)
        if secret is None:
            answer("a PIN has no unpaired surrogates: it could not be typed")
            return

        def go_on(problem: str) -> None:
            if problem:
                answer(problem)
                return
            record: dict[str, Any] = {**_COST, "salt": os.urandom(16).hex(), "wrong": 0, "until": 0.0, "boot": _boot()}

            def take(made: bytes | None) -> None:
                if made is None:
                    answer("the PIN can't be hashed: there is too little memory, or this Python has no scrypt")
                else:
                    answer("" if self._write({**record, "hash": made.hex()}) else f"can't write {self._path}")

            self._work(lambda: _hash(secret, record), take)

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

    def _work(self, work: Callable[[], _Made], take: Callable[[_Made | None], None]) -> None:
        """Does the work in a thread, and what comes of it in the loop: None where it raised."""
        if self._wakeup < 0:
            self._wakeup = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            self._loop.register(self._wakeup, select.EPOLLIN, self._deliver)

        import threading  # noqa: PLC0415 # milliseconds of the daemon's start, and rarely needed

        def run() -> None:
            result = None
            with contextlib.suppress(Exception):  # memory, a damaged record: whoever waits gets an answer
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


def _weakness(pin: str) -> str:
    """Why a PIN can't be set: it would soon be guessed; or ""."""
    if not MIN_LENGTH <= len(pin) <= MAX_LENGTH or (pin.isdigit() and len(pin) < MIN_DIGITS):
        return f"a PIN has {MIN_LENGTH} to {MAX_LENGTH} characters, {MIN_DIGITS} or more where all are digits"
    return f"a PIN has {DIFFERENT_MIN} different characters or more" if len(set(pin)) < DIFFERENT_MIN else ""


def _encode(pin: str) -> bytes | None:
    """As it is hashed; None where it can't be."""
    try:
        return pin.encode()
    except UnicodeEncodeError:
        return None


def _hash(secret: bytes, record: dict[str, Any]) -> bytes:
    import hashlib  # noqa: PLC0415 # loads OpenSSL, which few daemons need for this

    salt = bytes.fromhex(record["salt"])
    cost = {name: int(record[name]) for name in _COST}
    return hashlib.scrypt(secret, salt=salt, maxmem=_MEMORY_MAX, dklen=32, **cost)
