"""The clients' file: what it says looser than the settings in force is put back, and recorded.

The clients read it themselves, where no daemon is there to hold an edit back; so it is looked after while one runs.
How to start a daemon is left as it stands, for an upgrade changes that, and only recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from safeshell.home.client_conf import client_conf, loosened
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.home.writing import write_atomically
from safeshell.policy.store.records import Signature, signature

OnChange = Callable[[str, Mapping[str, Any], str], None]
"""Hears of a change: the file, what it changes as the audit log has it, and what came of it."""


class ClientConfWatch:
    """Looks after the file.

    Args:
        home: whose.
        settings: those in force.
        on_change: hears of what was changed.
    """

    def __init__(self, home: Home, settings: Callable[[], Settings], on_change: OnChange) -> None:
        self._path = home.client_conf
        self._settings = settings
        self._on_change = on_change
        self._seen: Signature = (-1,)
        self._start: list[bytes] | None = None
        self._text: bytes | None = None

    def look(self) -> None:
        """Looks at the file, where it isn't as it was. What can't be put back is tried again with the next look."""
        now = signature(self._path)
        if now == self._seen:
            return
        found: bytes | None = None
        try:
            with open(self._path, "rb") as stream:
                found = stream.read()
        except FileNotFoundError:
            pass
        except OSError:
            return
        text = found or b""
        settings = self._settings()
        wrong = loosened(text, settings)
        start = [line for line in text.splitlines() if line.startswith(b"start=")]
        named = start if self._start is None else self._start
        if wrong:
            meant = client_conf(settings).splitlines()
            ours = [line for line in meant if not line.startswith(b"start=")]
            lines = [*ours, *(start or meant[len(ours) :])]
            try:
                write_atomically(self._path, b"".join([line + b"\n" for line in lines]), 0o600)
            except OSError:
                return
            self._on_change(self._path, {**self._edit(found), "settings": wrong, "loosens": wrong}, "put back")
        elif start != named:
            self._on_change(self._path, {**self._edit(found), "settings": ["start"]}, "in force")
        self._seen, self._start, self._text = signature(self._path), start, found

    def _edit(self, text: bytes | None) -> dict[str, Any]:
        from hashlib import sha256  # noqa: PLC0415 # loads OpenSSL, for what hardly ever happens

        old, new = (None if each is None else sha256(each).hexdigest() for each in (self._text, text))
        return {"files": [{"path": self._path, "old": old, "new": new}]}
