"""Files of /proc/PID, read through a descriptor of its directory, which stays with the process."""

from __future__ import annotations

import os

DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_CLOEXEC
_BLOCK = 8192  # bytes; what is read here is longer only with hundreds of groups or mounts


def slurp(process: int, name: str) -> bytes:
    """The whole of a file.

    Raises:
        OSError: it can't be read.
    """
    descriptor = os.open(name, _READ, dir_fd=process)
    try:
        text = os.read(descriptor, _BLOCK)
        while len(text) % _BLOCK == 0 and (more := os.read(descriptor, _BLOCK)):
            text += more
        return text
    finally:
        os.close(descriptor)


def root_of(process: int) -> tuple[int, int]:
    """Device and inode of the root directory.

    Raises:
        OSError: it can't be looked at.
    """
    status = os.stat("root", dir_fd=process)
    return status.st_dev, status.st_ino
