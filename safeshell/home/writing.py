"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import os


def write_atomically(path: str, data: bytes, mode: int) -> None:
    """Writes a file aside, syncs it and renames it into place."""
    aside = f"{path}.new-{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(aside)  # of a process that was killed: numbers come round, in containers soon
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
