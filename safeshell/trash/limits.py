"""Limits of a trash directory in size and age: what is over goes, the oldest first."""

from __future__ import annotations

import os
import time

from safeshell.trash.directory import Entry, TrashDirectory
from safeshell.trash.errors import RefusedError

SIZE = 10 << 30
AGE_MS = 30 * 24 * 3600 * 1000


class TrashLimits:
    """Limits of each trash directory; 0 for none.

    Attributes:
        size: bytes on the disk.
        age_ns: since a thing was put there.
    """

    __slots__ = ("age_ns", "size")

    def __init__(self, size: int = SIZE, age_ms: int = AGE_MS) -> None:
        self.size = size
        self.age_ns = age_ms * 1_000_000

    @classmethod
    def read(cls, path: bytes) -> TrashLimits:
        """As a home's client.conf has them (`trash_size`, `trash_age_ms`); the default where it says nothing."""
        values: dict[bytes, int] = {}
        try:
            with open(path, "rb") as stream:
                for line in stream:
                    key, _, value = line.strip().partition(b"=")
                    if value.isdigit():
                        values[key] = int(value)
        except OSError:
            return cls()
        return cls(values.get(b"trash_size", SIZE), values.get(b"trash_age_ms", AGE_MS))

    def check(self, trash: TrashDirectory, size: int) -> None:
        """Checks that something can be added without losing what this process has added already.

        Raises:
            RefusedError: it is larger than the limit.
        """
        if self.size and size > self.size - trash.added_size:
            before = f" with the {human(trash.added_size)} just put there" if trash.added_size else ""
            raise RefusedError(
                f"it is {human(size)}{before}, the trash takes {human(self.size)}"
                " (raise `trash: size` in config.yaml, or have a person delete it)"
            )

    def enforce(self, trash: TrashDirectory) -> None:
        """Takes out what is over, but nothing that this process has put there."""
        with trash.locked():
            if not trash.sizes.known:
                _count(trash, trash.entries())
            elif not self._is_over(trash):
                return
            if self._is_over(trash):
                entries = trash.entries()
                chosen = self._choose(trash, entries)
                trash.expunge(chosen)
                _count(trash, [entry for entry in entries if entry not in chosen])
        trash.clear()

    def _is_over(self, trash: TrashDirectory) -> bool:
        sizes = trash.sizes
        old = self.age_ns and 0 < sizes.oldest_ns < time.time_ns() - self.age_ns
        return bool(old or (self.size and sizes.total > self.size))

    def _choose(self, trash: TrashDirectory, entries: list[Entry]) -> list[Entry]:
        total = trash.sizes.total
        limit_ns = time.time_ns() - self.age_ns if self.age_ns else 0
        chosen = []
        for entry in entries:
            over = self.size and total > self.size
            if entry.name not in trash.added and (over or entry.record.time_ns < limit_ns):
                chosen.append(entry)
                total -= size_of(entry)
        return chosen


def size_of(entry: Entry) -> int:
    """Bytes on the disk, from the record or measured."""
    if entry.record.size < 0:
        entry.record.size = entry.trash.measure(entry.name)
    return entry.record.size


def _count(trash: TrashDirectory, entries: list[Entry]) -> None:
    oldest = entries[0].record.time_ns if entries else 0
    trash.sizes.know(sum(size_of(entry) for entry in entries), oldest)


def human(size: int) -> str:
    """Bytes for people: "512 B", "1.5 GiB"."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def home_directory() -> bytes:
    """The SafeShell home that the environment names, as `Home.find` has it; `paths` takes too long to import."""
    return os.path.abspath(os.environb.get(b"SAFESHELL_HOME") or os.path.expanduser(b"~/.safeshell"))
