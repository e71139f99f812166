"""What the kernel won't do for a test alone: a clock that is set, a mount that doesn't answer."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import struct
import subprocess
from types import TracebackType
from typing import Self

from ccode import compiler

_CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Seconds by which the clock is set, in a file that the test writes. */
static int64_t offset(void) {
    static volatile int64_t *shared;
    if (!shared) {
        const char *path = getenv("CLOCK_FILE");
        int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *shared, PROT_READ, MAP_SHARED, fd, 0);
        static int64_t none;
        shared = at == MAP_FAILED ? &none : at;
        if (fd >= 0) close(fd);
    }
    return *shared;
}

int clock_gettime(clockid_t id, struct timespec *now) {
    long failed = syscall(SYS_clock_gettime, id, now);
    if (!failed && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec += offset();
    return (int)failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec found;
    if (clock_gettime(CLOCK_REALTIME, &found)) return -1;
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (at) *at = found.tv_sec;
    return found.tv_sec;
}
"""


class Clock:
    """A clock that can be set, for programs that are started with its environment.

    Attributes:
        environment: theirs.
    """

    def __init__(self, directory: str) -> None:
        source, library, self._file = (os.path.join(directory, f"clock{end}") for end in (".c", ".so", ""))
        with open(source, "w", encoding="ascii") as stream:
            stream.write(_CLOCK)
        subprocess.run([*compiler(), "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
        with open(self._file, "wb") as stream:
            stream.write(bytes(mmap.PAGESIZE))
        self.environment = {"LD_PRELOAD": library, "CLOCK_FILE": self._file}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.set(0)

    def set(self, seconds: int) -> None:
        """Sets it so many seconds from the kernel's."""
        with open(self._file, "r+b") as stream:
            stream.write(struct.pack("=q", seconds))


class SilentMount:
    """A FUSE mount whose server reads no request, until `end`.

    Attributes:
        path: where it is mounted; below it every look waits.
    """

    def __init__(self, path: str) -> None:
        os.mkdir(path)
        self.path = path
        self._server = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self._server},rootmode=40000,user_id={os.geteuid()},group_id={os.getegid()},allow_other"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"silent", os.fsencode(path), b"fuse", 0, options.encode()):
            os.close(self._server)
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Whoever waits gets an error, and the mount goes."""
        if self._server >= 0:
            os.close(self._server)
            self._server = -1
            with contextlib.suppress(OSError):
                subprocess.run(["umount", "-l", self.path], check=False, capture_output=True)
