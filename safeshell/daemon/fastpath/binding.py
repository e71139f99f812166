"""Binding to the daemon's front in native code (`front.h`): requests come through it, or are answered in it.

Where it wasn't compiled the daemon does the same by itself, and slower.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from safeshell.daemon.core.accepted import BUFFER, Accepted
from safeshell.daemon.core.loop import raise_again
from safeshell.host.process.own import Own
from safeshell.install.native import native_front
from safeshell.metrics.histogram import BUCKETS

_ACCEPTED = struct.Struct("=14i4i6Q")
_ANSWERED = struct.Struct("=6iQ")
_ENDED = struct.Struct("=2i3Q")
_READY = struct.Struct("=iI")
_COUNTS = struct.Struct("=3i")
"""How many were answered and have ended, and the socket of what was accepted."""
_ANSWERED_MAX, _ENDED_MAX, _READY_MAX = 64, 64, 64

_ACCEPTED_AT = 2 * 4
_ANSWERED_AT = _ACCEPTED_AT + _ACCEPTED.size
_ENDED_AT = _ANSWERED_AT + _ANSWERED_MAX * _ANSWERED.size
_READY_AT = _ENDED_AT + _ENDED_MAX * _ENDED.size
_DIRECTORY_AT = _READY_AT + _READY_MAX * _READY.size
_SIZE = _DIRECTORY_AT + 4096


_Told = TypeVar("_Told")


class Answered(NamedTuple):
    """A request that was answered by the front.

    Attributes:
        slot: of the answer.
        pid, uid: who asked.
        child: the command that ran by that answer, and has ended; 0 for none.
        status: its wait status.
        duration_ns: how long it ran.
    """

    slot: int
    pid: int
    uid: int
    child: int
    status: int
    duration_ns: int


class End(NamedTuple):
    """A command that ended, which its client has been told.

    Attributes:
        pid: the child's.
        status: its wait status.
        noticed, reaped, replied: when, ns.
    """

    pid: int
    status: int
    noticed: int
    reaped: int
    replied: int


class Fastpath:
    """The native front of a daemon.

    Args:
        path: the library.
        descriptors: the loop's (`Loop.descriptors`).
        own: the daemon's own state.
        limit: soft and hard limit on open files for commands that it starts.
        cgroup: a descriptor of /proc/self/cgroup, to see where the daemon is now.

    Attributes:
        on_answered, on_accepted, on_ended: called back by `poll` and `hand_back_one`.
        on_error: hears of what these raised, as `Loop.on_error`.
        may_run: how many commands may be started.
        settles: whether answers may be given to lines that were never seen; nobody hears what they were.
        runs: whether any may be.

    Raises:
        OSError: it can't be loaded, or is another version's.
    """

    def __init__(
        self, path: str, descriptors: tuple[int, int, int], own: Own, limit: tuple[int, int], cgroup: int
    ) -> None:
        library = ctypes.CDLL(path)
        found = [_function(library, name, ctypes.c_size_t)() for name in ("front_shared_size", "front_buckets")]
        if found != [_SIZE, BUCKETS] or _function(library, "front_source", ctypes.c_uint32)() != _checksum():
            raise OSError("it was compiled from another source: install SafeShell again")
        room = (ctypes.c_char * len(BUFFER)).from_buffer(BUFFER)
        make = _function(library, "front_new", ctypes.c_void_p)
        made = make(*descriptors, room, ctypes.c_size_t(len(BUFFER)), os.geteuid())
        if not made:
            raise OSError("out of memory")
        self._front = ctypes.c_void_p(made)
        self._library = library
        shared = _function(library, "front_shared", ctypes.c_void_p)(self._front)
        self._shared = memoryview((ctypes.c_char * _SIZE).from_address(shared)).cast("B")
        self._wait = library.front_wait
        self._tell_own(own, (*limit, cgroup))
        self.on_answered: Callable[[Answered], None] = lambda _answered: None
        self.on_ended: Callable[[End], None] = lambda _end: None
        self.on_accepted: Callable[[Accepted], object] = lambda _accepted: None
        self.may_run: Callable[[], int] = lambda: 0
        self.settles = False
        self.on_error: Callable[[Exception], None] = raise_again

    def _tell_own(self, own: Own, given: tuple[int, int, int]) -> None:
        text = (own.status.expected(), own.label or b"", own.limits, own.mount)
        links = [word for name, link, _ in own.namespaces for word in (name, link)]
        numbers = (len(own.namespaces), own.label is not None, own.nice, own.scheduling, *own.root, *given)
        known = self._library.front_set_own(
            self._front, *_strings(*text, *links), (ctypes.c_uint64 * 10)(*[number & _UNLIMITED for number in numbers])
        )
        # Without any of these nothing would be compared.
        self.runs = (
            bool(known)
            and all((own.status.lines, own.limits, own.mount, own.namespaces))
            and not own.unprovable
            and not own.unusual
        )

    def set(self, listener: int, *, timed: bool, descriptors_max: int) -> None:
        """Says which socket to take connections from (-1: none), whether to time, and which descriptors to serve."""
        self._library.front_set(self._front, listener, int(timed), descriptors_max)

    def poll(self, timeout: float | None) -> list[tuple[int, int]]:
        """As `select.epoll.poll`, in seconds; what is the front's own has been told before it returns."""
        milliseconds = -1 if timeout is None else min(int(timeout * 1000 + 0.999), _LONGEST_MS)
        ready = self._wait(self._front, milliseconds, self.may_run(), self.settles)
        found = list(_READY.iter_unpack(self._shared[_READY_AT : _READY_AT + ready * _READY.size])) if ready else []
        self._tell()
        return found

    def _tell(self) -> None:
        """Calls back, in the order in which things happened; a callback may have more told meanwhile."""
        shared = self._shared
        answered, ended, fd = _COUNTS.unpack_from(shared)
        if not answered and not ended and fd < 0:
            return
        answers = bytes(shared[_ANSWERED_AT : _ANSWERED_AT + answered * _ANSWERED.size])
        ends = bytes(shared[_ENDED_AT : _ENDED_AT + ended * _ENDED.size])
        accepted = self._read_accepted() if fd >= 0 else None
        if answers:
            for slot, pid, uid, child, status, _, duration_ns in _ANSWERED.iter_unpack(answers):
                self._guard(self.on_answered, Answered(slot, pid, uid, child, status, duration_ns))
        if accepted is not None:
            try:  # as `_guard`, which would be a call more
                self.on_accepted(accepted)
            except Exception as error:  # noqa: BLE001 # as in `Loop.run`
                self.on_error(error)
        if ends:  # what has just been taken over may be among them
            for end in _ENDED.iter_unpack(ends):
                self._guard(self.on_ended, End(*end))

    def _guard(self, callback: Callable[[_Told], object], told: _Told) -> None:
        try:
            callback(told)
        except Exception as error:  # noqa: BLE001 # as in `Loop.run`
            self.on_error(error)

    def _read_accepted(self) -> Accepted:
        (
            fd,
            pid,
            uid,
            pidfd,
            passed,
            truncated,
            size,
            seen,
            slot,
            child,
            same_view,
            no_repository,
            fresh,
            length,
            *rest,
        ) = _ACCEPTED.unpack_from(self._shared, _ACCEPTED_AT)
        directory = b""
        if same_view and no_repository and fresh:
            directory = bytes(self._shared[_DIRECTORY_AT : _DIRECTORY_AT + length])
            if directory.endswith(b" (deleted)"):
                directory = b""
        descriptors, times = rest[:passed], rest[4:]
        made = (fd, pid, uid, pidfd, descriptors, bool(truncated), size, seen, slot, child, directory, *times)
        return tuple.__new__(Accepted, made)  # for each request: the class itself takes a call of Python's more

    def hand_back_one(self) -> bool:
        """Gives up a connection that has sent no request yet, or a command that runs; returns whether there was one."""
        found = bool(self._library.front_hand_back_one(self._front))
        self._tell()
        return found

    def is_busy(self, slot: int) -> bool:
        """Whether a command runs by this answer that nobody has been told of yet."""
        return bool(self._library.front_is_busy(self._front, slot))

    def put(
        self,
        slot: int,
        *,
        frame: bytes,
        passed: int,
        variables: bytes,
        directory: bytes,
        reads: bytes,
        answer: bytes,
        arguments: bytes,
        runs: bool,
        urgent: bool,
        whole: bytes,
        head: int = 0,
        base: bytes = b"",
        literals: bytes = b"",
    ) -> bool:
        """Keeps an answer; returns whether it could be kept.

        Args:
            slot: where, below `safeshell.daemon.fastpath.answer_replay.SLOTS`.
            frame: the request.
            passed: how many descriptors came with it.
            variables: entries of the environment that have to be so again, each ended by NUL; of one that must not be
                there, its name.
            directory: the working directory's path.
            reads: what else the answer hangs on, as `safeshell.daemon.fastpath.answer_replay` writes it.
            answer: the frame to send or, where it `runs`, the program's path.
            arguments: of the command that is run, where they are others than the request's: a block; else nothing.
            runs: whether the command is run here.
            urgent: whether `on_answered` is to hear of each answer at once.
            whole: the address of the histogram that its time is counted in.
            head: how many words of the command line have to be the same again; 0 for all that was asked.
            base: the command's name in that line.
            literals: that must not be in it, ASCII letters in lower case, each ended by NUL.
        """
        kept = self._library.front_put(
            self._front,
            slot,
            *_strings(frame, variables, directory, reads, answer, arguments, base, literals),
            *(passed, int(runs), int(urgent), head, ctypes.c_uint64(int.from_bytes(whole, sys.byteorder))),
        )
        return bool(kept)

    def sees_the_same(self, pid: int) -> bool:
        """As `safeshell.host.process.confinement.sees_the_same`; False too where this kernel doesn't tell it here."""
        return bool(self._library.front_sees_the_same(self._front, pid))

    def inspect(self, pid: int, pidfd: int) -> int:
        """The umask of a process that is in all respects as a child of the daemon would be, else -1."""
        return int(self._library.front_inspect(self._front, pid, pidfd)) if self.runs else -1

    def spawn(self, path: bytes, arguments: bytes, environment: bytes, descriptors: Sequence[int], umask: int) -> int:
        """Starts a program, as `Executor.spawn` does.

        Args:
            path: the program.
            arguments: a block.
            environment: a block.
            descriptors: for its 0, 1 and 2, and its directory's.
            umask: its umask.

        Returns:
            The child's pid.

        Raises:
            OSError: the program can't be started; nothing runs.
        """
        size, count = ctypes.c_size_t, ctypes.c_uint32
        pid: int = self._library.front_spawn(
            self._front,
            path,
            *(arguments, size(len(arguments)), count(arguments.count(b"\0"))),
            *(environment, size(len(environment)), count(environment.count(b"\0"))),
            (ctypes.c_int32 * 4)(*descriptors),
            umask,
        )
        if pid < 0:
            raise OSError(-pid, os.strerror(-pid))
        return pid

    def notify_exit_on(self, pid: int, fd: int) -> bool:
        """Has a child's end told to whoever waits at this socket; returns whether it will be."""
        return bool(self._library.front_notify_exit_on(self._front, pid, fd))

    def set_sources(self, home: bytes, sources: bytes) -> None:
        """Says which `.safeshell` is the user's own, and what the user's rules come from, as reads."""
        self._library.front_set_sources(self._front, *_strings(home, sources))

    def set_mounts(self, fileno: int, points: Iterable[bytes]) -> None:
        """Says which descriptor tells that the mounts have changed, and where those are that may not answer."""
        self._library.front_set_mounts(self._front, fileno, *_strings(b"".join([point + b"/\0" for point in points])))

    def count(self, laps: bytes) -> None:
        """Counts durations: `safeshell.daemon.observe.timings` writes them."""
        self._library.front_count(laps, ctypes.c_size_t(len(laps)))

    def count_in(self, addresses: bytes) -> None:
        """Says where the stages of what is answered here are counted: the addresses of `ANSWERED_STAGES`."""
        self._library.front_set_stages(self._front, addresses)

    def is_unchanged(self, reads: bytes) -> bool:
        """Whether paths are found as `safeshell.daemon.fastpath.answer_replay.Reads` says."""
        return bool(self._library.front_is_unchanged(reads, ctypes.c_size_t(len(reads))))

    def forget(self, slot: int) -> None:
        """Empties a slot."""
        self._library.front_forget(self._front, slot)

    def stop_notifying(self, pid: int) -> None:
        """A child's end is not to be told by the front."""
        self._library.front_stop_notifying(self._front, pid)


ANSWERED_STAGES = ("accept", "receive", "recall", "place", "spawn", "child", "reap", "finish")
"""As `enum stage` of front.h has them."""

_UNLIMITED = (1 << 64) - 1
_LONGEST_MS = 1 << 30


def _strings(*strings: bytes) -> tuple[bytes, ctypes.Array[ctypes.c_size_t]]:
    """Strings as the front takes many of them: one behind the other, each with a NUL, and their sizes."""
    return b"".join(string + b"\0" for string in strings), (ctypes.c_size_t * len(strings))(*map(len, strings))


def _checksum() -> int:
    """Of the source that the library has to be of; a call would not notice that it takes other arguments."""
    here, checksum = os.path.dirname(os.path.abspath(__file__)), 0
    for name in sorted(os.listdir(here)):
        if name.endswith((".c", ".h")):
            with open(os.path.join(here, name), "rb") as stream:
                checksum = zlib.crc32(stream.read(), checksum)
    return checksum


def _function(library: ctypes.CDLL, name: str, result: type) -> Callable[..., int]:
    function = library[name]
    function.restype = result
    return function


def load(
    descriptors: tuple[int, int, int], own: Own, limit: tuple[int, int], cgroup: int
) -> tuple[Fastpath | None, str]:
    """The native front, or None and why there is none."""
    path = native_front()
    if path is None:
        return None, "it was not compiled"
    try:
        return Fastpath(path, descriptors, own, limit, cgroup), ""
    except (OSError, AttributeError) as error:  # an old library lacks a function
        return None, str(error)
