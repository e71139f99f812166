"""Files of /proc/PID, read through a descriptor of its directory, which stays with the process."""

from __future__ import annotations

import os

DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_CLOEXEC
_BLOCK = 8192  # bytes; what is read here is longer only with hundreds of groups or mounts


def slurp(process: int | None, name: str) -> bytes:
    """The whole of a file, by its name in a process's directory; None: by its path.

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


def root_of(process: int) -> tuple[int, int, int]:
    """Device and inode of the root directory, and the number of the mount that it is on.

    A bind mount has another number, and other mounts below it, than the directory that it shows.

    Raises:
        OSError: it can't be looked at.
    """
    descriptor = os.open("root", DIRECTORY, dir_fd=process)
    try:
        status = os.fstat(descriptor)
        mount = slurp(None, f"/proc/self/fdinfo/{descriptor}").partition(b"mnt_id:")[2].split(None, 1)[0]
    finally:
        os.close(descriptor)
    return status.st_dev, status.st_ino, int(mount)
