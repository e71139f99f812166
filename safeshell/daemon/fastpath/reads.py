"""Reads: what an answer hung on in the file system, path by path, for the fast path to find so again."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

from safeshell.daemon.sources.policy_source import Rules
from safeshell.home.repository_rules import INSIDE, UnseenRulesError, find_rules, is_there, levels, same_place
from safeshell.policy.store.records import PLACE, Signature, signature

_ABSENT, _NO_ENTRY, _ENTRY, _NOT_EXECUTABLE = b"a", b"e", b"l", b"n"
_PLACE_IS, _OWNED_IS = struct.Struct("=c2Q"), struct.Struct("=c4Q")
_FILE_IS, _PROGRAM_IS = struct.Struct("=c7Q"), struct.Struct("=c6Q")


class Changed(Exception):  # noqa: N818 # not an error: the answer isn't kept
    """What was read isn't as it was any more, or can't be listed."""


class Reads:
    """How paths were found, for the fast path to compare; each method is named for what has to be so again.

    Attributes:
        complete: whether all of it is named from the root, so that it can be found again.
    """

    __slots__ = ("_parts", "complete")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.complete = True

    def __bytes__(self) -> bytes:
        return b"".join(self._parts)

    def absent(self, path: bytes) -> None:
        """Nothing can be reached by it, links followed."""
        self._parts.append(_ABSENT + path + b"\0")

    def has_entry(self, path: bytes, there: bool) -> None:
        """The name itself is there, or isn't, whatever it may be a link to."""
        self._parts.append((_ENTRY if there else _NO_ENTRY) + path + b"\0")

    def not_executable(self, path: bytes) -> None:
        """It is not there, or may not be executed."""
        self.complete &= path.startswith(b"/")
        self._parts.append(_NOT_EXECUTABLE + path + b"\0")

    def place(self, path: bytes) -> None:
        """It is this very directory."""
        try:
            status = os.stat(path)
        except OSError as error:
            raise Changed from error
        self._parts.append(_PLACE_IS.pack(b"d", status.st_dev, status.st_ino) + path + b"\0")

    def file(self, path: bytes, state: Signature) -> None:
        """It has this signature (`safeshell.policy.store.records.signature`), or as much of one."""
        if state is None:
            self.absent(path)
        elif len(state) == PLACE:
            self._parts.append(_OWNED_IS.pack(b"o", *state) + path + b"\0")
        else:
            self._parts.append(_FILE_IS.pack(b"f", *state) + path + b"\0")

    def program(self, path: bytes, status: os.stat_result) -> None:
        """It may be executed and is this file, of this mode and owner."""
        self.complete &= path.startswith(b"/")
        mark = (
            status.st_dev,
            status.st_ino,
            status.st_mode,
            status.st_uid,
            status.st_size,
            status.st_mtime_ns,
        )
        self._parts.append(_PROGRAM_IS.pack(b"p", *mark) + path + b"\0")


def read_sources(reads: Reads, watched: Iterable[tuple[str, Signature]]) -> None:
    """The rules' sources, as they were when they were compiled."""
    for path, state in watched:
        reads.file(os.fsencode(path), state)


def read_rules(reads: Reads, directory: bytes, home: bytes) -> Rules:
    """What `safeshell.home.repository_rules.find_rules` reads, and finds.

    Raises:
        Changed: it changes while it is read.
    """
    searched = levels(directory)
    outermost = 0
    for at, (level, candidate) in enumerate(searched):
        inside = level + INSIDE
        if not os.access(inside, os.F_OK):
            reads.absent(inside)
            continue
        state = signature(os.fsdecode(inside))
        reads.file(inside, state and state[:PLACE])
        reads.place(home)
        if same_place(inside, home):
            continue
        if is_there(candidate):
            outermost = at
        else:
            reads.absent(candidate)
    for level, _ in searched[:outermost]:
        there = os.path.lexists(level + b"/.git")
        reads.has_entry(level + b"/.git", there)
        if there:
            break
    try:
        return find_rules(directory, home)
    except UnseenRulesError as error:
        raise Changed from error
