"""FUSE mount that answers, until it is told not to any more: straight from /dev/fuse, a directory and two names in it.

with mounted(path) as mount:    # `path/there`, and `path/link`, which leads to it
    mount.stop()                # whoever asks from now on waits until the end of the block
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import select
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator

import pytest
from needs import need

_HEADER = struct.Struct("=IIQQIIII")
_OUT = struct.Struct("=IiQ")
_ATTRIBUTES = struct.Struct("=6Q3I6II")
LOOKUP, FORGET, GETATTR, READLINK, INIT, OPENDIR, INTERRUPT, BATCH_FORGET = 1, 2, 3, 5, 26, 27, 36, 42

NODES = {1: stat.S_IFDIR | 0o755, 2: stat.S_IFREG | 0o755, 3: stat.S_IFLNK | 0o777}
NAMES = {b"there": 2, b"link": 3}

MNT_DETACH = 2


class Server:
    """The mount's other end, in a process of its own: whoever waits for it may hold up this one."""

    def __init__(self, path: str) -> None:
        self.stopped = False
        self._descriptor = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self._descriptor},rootmode=40000,user_id=0,group_id=0,allow_other"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"tested", os.fsencode(path), b"fuse.tested", 0, options.encode()):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def serve(self) -> None:
        """Answers until its input ends; a line of that stops it."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(0, select.POLLIN)
        _say("up")
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == 0:
                    if not os.read(0, 100):
                        return
                    self.stopped = True
                    _say("stopped")
                else:
                    with contextlib.suppress(OSError):
                        self._take(os.read(self._descriptor, 1 << 18))

    def _take(self, request: bytes) -> None:
        _, operation, unique, node, *_ = _HEADER.unpack_from(request)
        if self.stopped or operation in (FORGET, BATCH_FORGET, INTERRUPT):
            return
        found = _answer(operation, node, request[_HEADER.size :])
        error, content = (found, b"") if isinstance(found, int) else (0, found)
        os.write(self._descriptor, _OUT.pack(_OUT.size + len(content), -error, unique) + content)


def _answer(operation: int, node: int, rest: bytes) -> bytes | int:
    if operation == INIT:
        return struct.pack("=4I2HIIHH8I", 7, 31, 0, 0, 0, 0, 1 << 16, 1, 0, 0, *[0] * 8)
    if operation == GETATTR:
        return struct.pack("=QII", 0, 0, 0) + _attributes(node)
    if operation == LOOKUP:
        child = NAMES.get(rest.rstrip(b"\0"))
        if node != 1 or child is None:
            return errno.ENOENT
        return struct.pack("=4QII", child, 0, 0, 0, 0, 0) + _attributes(child)
    if operation == READLINK:
        return b"there"
    return errno.ENOSYS


def _say(word: str) -> None:
    os.write(1, word.encode() + b"\n")


def _attributes(node: int) -> bytes:
    return _ATTRIBUTES.pack(node, 0, 0, 0, 0, 0, 0, 0, 0, NODES[node], 1, os.getuid(), os.getgid(), 0, 4096, 0)


class Mount:
    """A mount.

    Attributes:
        path: where.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._server = subprocess.Popen(
            [sys.executable, __file__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self._hear("up")

    def stop(self) -> None:
        """Has it answer nothing any more."""
        assert self._server.stdin is not None
        self._server.stdin.write(b"stop\n")
        self._hear("stopped")

    def _hear(self, word: str) -> None:
        assert self._server.stdout is not None
        said = self._server.stdout.readline().decode().strip()
        if said.startswith("needs "):
            self.close()
            pytest.skip(said)
        assert said == word

    def close(self) -> None:
        """Takes it away; whoever waits for it gets an error."""
        if self._server.returncode is not None:
            return
        ctypes.CDLL(None).umount2(os.fsencode(self.path), MNT_DETACH)
        for stream in (self._server.stdin, self._server.stdout):
            assert stream is not None
            stream.close()
        self._server.wait()


@contextlib.contextmanager
def mounted(path: str) -> Iterator[Mount]:
    """A mount for as long as the block."""
    need("root")
    need("/dev/fuse")
    os.makedirs(path, exist_ok=True)
    mount = Mount(path)
    try:
        yield mount
    finally:
        mount.close()


def main() -> None:
    """Serves a mount at the path that is given."""
    try:
        server = Server(sys.argv[1])
    except OSError as error:
        _say(f"needs a kernel that mounts FUSE here: {error.strerror}")
        return
    server.serve()


if __name__ == "__main__":
    main()
