"""Reading rules files: only regular files of a sane size that nobody else can change. The one stage that does I/O."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from dataclasses import dataclass

from safeshell.home import build_fingerprint
from safeshell.policy.store.records import PLACE, Signature, signature
from safeshell_compiler.findings.report import FindingPlace, Report
from safeshell_compiler.reading.rule_model import Kind

FILE_BYTES = 32 << 20
"""A rules file's size. 10,000 rules with tests are 4 MB; more than this is a mistake (a log, a disk image)."""

_EXHAUSTED = frozenset({errno.EAGAIN, errno.EINTR, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""What a file isn't unreadable by for good."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file or directory that was read or looked for. The daemon stats them all to notice edits.

    Attributes:
        path: absolute.
        sha256: of the content, hex; None for a directory and for what could not be read.
        state: how it was before it was looked at, so that whatever happened to it since shows.
    """

    path: str
    sha256: str | None
    state: Signature


SETTLE_NS = 50_000_000
"""How far back a change may lie that another, after the look, could be taken for: ticks of the file systems' clock."""


def settled(path: str) -> Signature:
    """The state of a file or directory, once its last change lies behind: the next one will have another time."""
    while True:
        state = signature(path)
        if state is None or not 0 <= state[-1] - build_fingerprint.now() < SETTLE_NS:
            return state
        time.sleep(0.001)


class Reader:
    """Reads the sources of one compilation and remembers each.

    Args:
        kind: whose rules they are.
        report: what is wrong with them.
        trusting: whether files that others may write count.
    """

    def __init__(self, kind: Kind, report: Report, *, trusting: bool = False) -> None:
        self._kind = kind
        self._trusting = trusting
        self._report = report
        self._seen: dict[str, str | None] = {}
        self._states: dict[str, Signature] = {}
        self._places: set[str] = set()

    @property
    def sources(self) -> tuple[Source, ...]:
        """All that was read or looked for, by path."""
        return tuple(Source(path, self._seen[path], self._states[path]) for path in sorted(self._seen))

    def _look_at(self, path: str) -> None:
        """Takes down what is looked at, and how it is; before anything else is asked about it."""
        if path not in self._seen:
            self._seen[path], self._states[path] = None, settled(path)
        elif path in self._places:
            self._places.remove(path)
            self._states[path] = settled(path)

    def exists(self, path: str) -> bool:
        """Whether the path exists (or a failure to look is left for the read to report)."""
        self._look_at(path)
        try:
            os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return True

    def listing(self, path: str, place: FindingPlace, *, trusted: bool = False) -> tuple[str, ...] | None:
        """The rules files of a directory by name, or None with a finding."""
        self._look_at(path)
        try:
            names = os.listdir(path)
            status = os.stat(path)
        except OSError as error:
            self._cannot_read(path, place, error)
            return None
        if not trusted and not self._trust(path, status, place):
            return None
        if self._kind == "system" and not self._trust_parent(path, place):
            return None
        names = sorted(name for name in names if name.endswith(".yaml") and not name.startswith("."))
        return tuple(os.path.join(path, name) for name in names)

    def _cannot_read(self, path: str, place: FindingPlace, error: OSError) -> None:
        """Reports a file; where it isn't the file's fault, there is nothing to be said of the rules.

        Raises:
            OSError: the machine has run out of something: the same again later may read it.
        """
        if error.errno in _EXHAUSTED:
            raise error
        self._report.add("SS101", place, path=path, reason=error.strerror)

    def text(self, path: str, place: FindingPlace, *, trusted: bool = False) -> str | None:
        """A file's text, or None with a finding.

        Args:
            path: absolute.
            place: where a finding about the file itself stands: the include that names it, or the file.
            trusted: part of the installation (a pack), as safe to use as this code.
        """
        self._look_at(path)
        data = self._bytes(path, place, trusted)
        if data is None:
            return None
        self._seen[path] = hashlib.sha256(data).hexdigest()
        try:
            return data.decode().removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            before = data[: error.start].decode()
            lines = (before + ".").splitlines()
            self._report.add("SS108", FindingPlace(path, len(lines), len(lines[-1])), byte=data[error.start])
            return None

    def _bytes(self, path: str, place: FindingPlace, trusted: bool) -> bytes | None:
        try:
            # Without O_NONBLOCK a named pipe would hold the compiler until somebody writes.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            self._report.add("SS102", place, path=path)
            return None
        except OSError as error:
            self._cannot_read(path, place, error)
            return None
        try:
            # Judged on the open descriptor: a path could be exchanged in between.
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                self._report.add("SS103", place, path=path)
            elif not stat.S_ISREG(status.st_mode):
                self._report.add("SS104", place, path=path)
            elif status.st_size > FILE_BYTES:
                self._report.add("SS401", place, path=path, size=-(-status.st_size >> 20), limit=FILE_BYTES >> 20)
            elif trusted or (self._trust(path, status, place) and self._trust_parent(path, place)):
                with open(descriptor, "rb", closefd=False) as file:
                    return file.read(FILE_BYTES)
        except OSError as error:
            self._report.add("SS101", place, path=path, reason=error.strerror)
        finally:
            os.close(descriptor)
        return None

    def _trust_parent(self, path: str, place: FindingPlace) -> bool:
        """A repository's and the machine's rules need a safe directory, too: who can write there can replace them."""
        if self._kind == "user":
            return True
        directory = os.path.dirname(path)
        if directory not in self._seen:
            status = signature(directory)
            self._seen[directory], self._states[directory] = None, status and status[:PLACE]
            self._places.add(directory)
        return self._trust(directory, os.stat(directory), place)

    def _trust(self, path: str, status: os.stat_result, place: FindingPlace) -> bool:
        owners = {"user": (os.geteuid(), 0), "system": (0,), "repository": (os.geteuid(),)}[self._kind]
        foreign = status.st_uid not in owners
        writable = not self._trusting and bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
        if self._kind == "repository" and (foreign or writable):
            problem = f"belongs to uid {status.st_uid}" if foreign else "is writable by others"
            remedy = f"chown {owners[0]} {path}" if foreign else f"chmod go-w {path}"
            self._report.add("SS107", place, path=path, problem=problem, remedy=remedy)
        elif foreign:
            expected = "root" if self._kind == "system" else "you"
            self._report.add("SS105", place, path=path, uid=status.st_uid, expected=expected)
        elif writable:
            self._report.add("SS106", place, path=path)
        return not (foreign or writable)
