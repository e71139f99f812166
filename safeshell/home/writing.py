"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import os


def write_atomically(path: str, data: bytes, mode: int, *, new: bool = False) -> None:
    """Writes a file aside, syncs it and renames it into place; what can't be written whole leaves no trace.

    Args:
        path: the file.
        data: all that is to be in it.
        mode: its permissions, less the umask.
        new: whether nothing may stand there before, not even a link that leads nowhere.

    Raises:
        FileExistsError: something does.
        OSError: it can't be written.
    """
    aside = f"{path}.new-{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(aside)  # of a process that was killed: numbers come round, in containers soon
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if new:
            os.link(aside, path)  # which a rename would replace
            os.unlink(aside)
        else:
            os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
