"""Status lines of /proc/PID/status that tell a caller from the daemon.

All processes of a kernel have the same lines in the same order, so they are compared by their place, label and all: a
line that stands elsewhere counts as different.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from operator import itemgetter

from safeshell.errors import SafeShellError

_CONFINING = {
    b"Uid": "another user",
    b"Gid": "another group",
    b"Groups": "other groups",
    b"TracerPid": "traced",  # a tracer may be a sandbox, and a strace wants to see the command
    b"NoNewPrivs": "no_new_privs",
    b"Seccomp": "another seccomp mode",
    b"Seccomp_filters": "other seccomp filters",
    b"CapInh": "other inheritable capabilities",
    b"CapPrm": "other permitted capabilities",
    b"CapEff": "other effective capabilities",
    b"CapBnd": "another capability bounding set",
    b"CapAmb": "other ambient capabilities",
}
_TELLING = {
    b"SigIgn": "ignored signals",
    b"THP_enabled": "huge pages",
    b"Cpus_allowed": "affinity",
    b"Mems_allowed": "memory nodes",
    b"Speculation_Store_Bypass": "speculation",
    b"SpeculationIndirectBranch": "speculation",
}
_REASONS = {**_CONFINING, **_TELLING}
_OPTIONAL = {
    *(b"Seccomp_filters", b"THP_enabled", b"Mems_allowed", b"Speculation_Store_Bypass", b"SpeculationIndirectBranch"),
}
"""Lines that a kernel may be too old for or built without."""

_NONE_IGNORED = b"SigIgn:\t" + b"0" * 16
_LIBC_IGNORED = tuple(b"SigIgn:\t%016x" % mask for mask in (0b11 << 31, 1 << 31, 1 << 32))
"""glibc's posix_spawn leaves its own signals, 32 and 33, ignored: so in the daemon's children, in those of make, and in
all they start; a program of theirs that has threads takes one of the two back."""
_UMASK = b"Umask:\t"
UMASK_UNKNOWN = 0o077


class Status:
    """The daemon's own status, to compare others with."""

    __slots__ = ("_alike", "_pick", "_places", "_umask_at", "labels", "lines")

    def __init__(
        self,
        labels: tuple[bytes, ...],
        lines: tuple[bytes, ...],
        alike: frozenset[tuple[bytes, ...]],
        pick: Callable[[list[bytes]], tuple[bytes, ...]],
        umask_at: int,
        places: tuple[int, ...],
    ) -> None:
        self.labels = labels
        self.lines = lines
        self._alike = alike
        self._pick = pick
        self._umask_at = umask_at
        self._places = places

    @classmethod
    def parse(cls, text: bytes) -> Status:
        """Takes the daemon's own /proc/self/status.

        Raises:
            SafeShellError: it lacks a line without which nothing can be said about a caller.
        """
        lines = text.split(b"\n")
        names = [line.partition(b":")[0] for line in lines]
        for needed in (b"Umask", *_REASONS):
            if needed not in names and needed not in _OPTIONAL:
                raise SafeShellError(f"this kernel's /proc/PID/status lacks {os.fsdecode(needed)}")
        labels = tuple(label for label in _REASONS if label in names)
        places = tuple(map(names.index, labels))
        pick: Callable[[list[bytes]], tuple[bytes, ...]] = itemgetter(*places)
        # Python ignores signals that the daemon's children get back, so its own are not what to compare with.
        expected = tuple(_NONE_IGNORED if line.startswith(b"SigIgn:") else line for line in pick(lines))
        alike = frozenset(
            tuple(ignored if line.startswith(b"SigIgn:") else line for line in expected)
            for ignored in (_NONE_IGNORED, *_LIBC_IGNORED)
        )
        return cls(labels, expected, alike, pick, names.index(b"Umask"), places)

    def expected(self) -> bytes:
        """The lines of a caller that differs in nothing, as the native front compares them.

        For each in their order: a byte with its number, one with how many texts it may have, and those, each ended by
        NUL. The one without a text is the umask.
        """
        texts: dict[int, set[bytes]] = {self._umask_at: set()}
        for alike in self._alike:
            for place, line in zip(self._places, alike, strict=True):
                texts.setdefault(place, set()).add(line)
        return b"".join(
            [
                bytes((place, len(texts[place]))) + b"".join([line + b"\0" for line in sorted(texts[place])])
                for place in sorted(texts)
            ]
        )

    def number(self, label: bytes) -> int:
        """The value of a line that holds one number, 0 where the kernel has no such line."""
        found = dict(zip(self.labels, self.lines, strict=True)).get(label, b":0")
        return int(found.partition(b":")[2])

    def compare(self, text: bytes) -> tuple[str, str, int]:
        """Difference of another process's status, in words.

        Returns:
            The first difference in what it is confined to, in words, or ""; the first of the others, or ""; its umask,
            `UMASK_UNKNOWN` where it can't be read.
        """
        lines = text.split(b"\n")
        try:
            theirs = self._pick(lines)
            line = lines[self._umask_at]
        except IndexError:  # a kernel thread or a zombie, which has no memory to write lines about
            return "its status can't be read", "", UMASK_UNKNOWN
        umask = int(line[len(_UMASK) :], 8) if line.startswith(_UMASK) else UMASK_UNKNOWN
        if theirs in self._alike:
            return "", "", umask
        return *self._name(theirs), umask

    def _name(self, theirs: tuple[bytes, ...]) -> tuple[str, str]:
        alike = tuple(_NONE_IGNORED if line in _LIBC_IGNORED else line for line in theirs)
        pairs = zip(self.labels, self.lines, alike, strict=True)
        different = [label for label, mine, other in pairs if mine != other]
        confined = next((_CONFINING[label] for label in different if label in _CONFINING), "")
        differs = next((_TELLING[label] for label in different if label in _TELLING), "")
        return confined, differs
