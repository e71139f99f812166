"""Answers that the native front gives again: which they may be, what they hang on, and what is counted of them.

An answer is a function of the command, the directory, a few variables, the rules in force, and what was read of the
file system on the way. It is kept where all that was read can be listed as *reads*: a path, and how it was found. The
front makes the same reads by the same system calls; where it finds everything as it was, the answer is the same. What
hangs on more (git's state, files that rules ask for, aliases, people, what a caller is confined to) is never kept.
"""

from __future__ import annotations

import os
import stat
import struct
from typing import NamedTuple

from safeshell.command.command_line import block
from safeshell.command.unwrap import is_plain
from safeshell.daemon.fastpath.binding import Fastpath
from safeshell.daemon.observe.timings import Timings
from safeshell.daemon.request import Request
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.repository_rules import levels, same_place
from safeshell.host.path_lookup import DEFAULT_PATH, Programs
from safeshell.policy.decision import Action
from safeshell.policy.store import Signature
from safeshell.protocol import ARGUMENTS_AT, Type
from safeshell.text import text

SLOTS = 128
"""Answers that are kept; the oldest makes room for the next."""

FRAME_MAX = 16 << 10
"""Bytes of a request that is kept; a longer one is rarely sent twice."""

_PURE_FACTS = frozenset({"ai", "directory", "env"})
"""What follows from the command, the directory and variables that are known by name."""

_ABSENT, _NO_ENTRY, _ENTRY, _NOT_EXECUTABLE = b"a", b"e", b"l", b"n"
_PLACE_IS, _FILE_IS, _PROGRAM_IS = struct.Struct("=c2Q"), struct.Struct("=c4Q"), struct.Struct("=c5Q")


class Changed(Exception):  # noqa: N818 # not an error: the answer isn't kept
    """What was read isn't as it was any more, or can't be listed."""


class Reads:
    """How paths were found, for `front.c` to compare; each method is named for what has to be so again."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[bytes] = []

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
        self._parts.append(_NOT_EXECUTABLE + path + b"\0")

    def place(self, path: bytes) -> None:
        """It is this very directory."""
        try:
            status = os.stat(path)
        except OSError as error:
            raise Changed from error
        self._parts.append(_PLACE_IS.pack(b"d", status.st_dev, status.st_ino) + path + b"\0")

    def file(self, path: bytes, signature: Signature) -> None:
        """It has this signature (`safeshell.policy.store.signature`)."""
        if signature is None:
            self.absent(path)
        else:
            self._parts.append(_FILE_IS.pack(b"f", *signature) + path + b"\0")

    def program(self, path: bytes, status: os.stat_result) -> None:
        """It may be executed and is this file, of this mode."""
        mark = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode)
        self._parts.append(_PROGRAM_IS.pack(b"p", *mark) + path + b"\0")


def read_rules(reads: Reads, directory: bytes, home: bytes) -> bytes | None:
    """What `safeshell.home.repository_rules.find_rules` reads, and finds.

    Raises:
        Changed: it changes while it is read.
    """
    below: list[bytes] = []
    for level, candidate in levels(directory):
        if not os.access(candidate, os.F_OK):
            reads.absent(candidate)
        else:
            reads.place(level + b"/.safeshell")
            reads.place(home)
            if not same_place(level + b"/.safeshell", home):
                for lower in below:
                    there = os.path.lexists(lower + b"/.git")
                    reads.has_entry(lower + b"/.git", there)
                    if there:
                        return None
                return candidate
        below.append(level)
    return None


def read_program(reads: Reads, programs: Programs, name: bytes, path: bytes | None) -> bytes:
    """What `Programs.find` reads, and finds.

    Raises:
        Changed: it finds nothing, or looks in a directory that isn't named from the root.
    """
    for element in (DEFAULT_PATH if path is None else path).split(b":"):
        if not element.startswith(b"/"):  # the empty one is the working directory
            raise Changed
        found = element + b"/" + name
        if not os.access(found, os.X_OK):
            reads.not_executable(found)
            continue
        try:
            status = os.stat(found)
        except OSError as error:
            raise Changed from error
        reads.program(found, status)
        if stat.S_ISREG(status.st_mode) and not programs.is_shim(found, status):
            return found
    raise Changed


def read_variables(request: Request) -> bytes:
    """The variables that an answer hangs on, as they are: entries, and the names of those that aren't there.

    Raises:
        Changed: one is there twice; who looks for it may find either.
    """
    environment = request.command.environment
    names = [b"PATH", *request.facts.context.variables]
    names += [key[1].encode() for key, _ in request.decision.facts if key[0] == "env"]
    entries = []
    for name in dict.fromkeys(names):
        if environment.count(b"\0" + name + b"=") > 1:
            raise Changed
        value = request.facts.variable(name)
        entries.append(name if value is None else name + b"=" + value)
    return block(entries)


Key = tuple[tuple[int, bytes, bytes, int, int], int, bytes, bytes]


class Kept(NamedTuple):
    """An answer that the front gives.

    Attributes:
        request: the one that it was first given to.
        key: what tells it from others: the command, how many descriptors came with it, variables, the directory.
    """

    request: Request
    key: Key


class Recall:
    """Keeps answers.

    Args:
        front: gives them again.
        policies: the rules in force; whoever changes them has to call `forget`.
        programs: knows shims.
        home: the directory of the daemon's home.
        nice: the daemon's own nice value.
        timings: where their time is counted.

    Attributes:
        answered: how many requests were answered so.
    """

    def __init__(
        self, front: Fastpath, policies: Policies, programs: Programs, home: bytes, nice: int, timings: Timings
    ) -> None:
        self._fastpath = front
        self._policies = policies
        self._programs = programs
        self._home = home
        self._nice = nice
        self._timings = timings
        self._kept: list[Kept | None] = [None] * SLOTS
        self._slots: dict[Key, int] = {}
        self._next = 0
        self.answered = 0
        self._tell_sources()

    def __len__(self) -> int:
        return len(self._slots)

    def kept(self, slot: int) -> Request:
        """The request whose answer was given again."""
        found = self._kept[slot]
        assert found is not None
        return found.request

    def forget(self) -> None:
        """Forgets everything: the rules in force are others."""
        while self._fastpath.hand_back_one():
            pass
        for slot in self._slots.values():
            self._fastpath.forget(slot)
            self._kept[slot] = None
        self._slots.clear()
        self._tell_sources()

    def _tell_sources(self) -> None:
        reads = Reads()
        for path, signature in self._policies.watched(None):
            reads.file(os.fsencode(path), signature)
        self._fastpath.set_sources(self._home, bytes(reads))

    def keep(self, request: Request) -> None:
        """Keeps the answer that has just been given, if it may be kept."""
        connection, directory = request.connection, request.directory
        runs = connection.child is not None
        if directory is None or not self._may_keep(request, runs=runs):
            return
        reads = Reads()
        try:
            variables = read_variables(request)
            repository = read_rules(reads, directory, self._home)
            for path, signature in self._policies.watched(repository):
                reads.file(os.fsencode(path), signature)
            answer = connection.last
            if request.decision.action is Action.ALLOW:
                answer = self._reach_program(reads, request, answer, runs=runs)
        except Changed:
            return
        command = request.command
        # A program that looks itself up along PATH was given its path in the place of its name.
        as_they_came = connection.frame.startswith(command.arguments, ARGUMENTS_AT + len(command.name))
        arguments = b"" if as_they_came else command.arguments
        words = (command.flags, command.name, command.arguments, command.nice, command.blocked)
        key = (words, connection.passed, variables, directory)
        slot = self._slots.get(key)
        if slot is None:
            slot = self._take_slot()
        elif self._fastpath.is_busy(slot):
            return  # the next time
        kept = self._fastpath.put(
            slot,
            frame=connection.frame,
            passed=connection.passed,
            variables=variables,
            directory=directory,
            reads=bytes(reads),
            answer=answer,
            arguments=arguments if runs else b"",
            runs=runs,
            urgent=request.decision.action is not Action.ALLOW or bool(request.decision.observed),
            whole=self._timings.whole(request.decision.action.word, connection.placement).address,
        )
        self._kept[slot] = Kept(request, key) if kept else None
        if kept:
            self._slots[key] = slot
        else:
            self._slots.pop(key, None)

    def _take_slot(self) -> int:
        while self._fastpath.is_busy(self._next):  # fewer commands run so than there are slots
            self._next = (self._next + 1) % SLOTS
        slot, self._next = self._next, (self._next + 1) % SLOTS
        before = self._kept[slot]
        if before is not None:
            del self._slots[before.key]
        return slot

    def _may_keep(self, request: Request, *, runs: bool) -> bool:
        connection, command, decision = request.connection, request.command, request.decision
        if not 0 < len(connection.frame) <= FRAME_MAX or command.kind != Type.EXECUTE or command.lines:
            return False
        if connection.waiting or request.replaced or request.obstacle or not request.same_view:
            return False
        if len(request.decisions) != 1 or not is_plain(text(request.name), command.arguments):
            return False
        if decision.rule == "engine-failure" or any(key[0] not in _PURE_FACTS for key, _ in decision.facts):
            return False
        if connection.passed not in (1, 4) or request.directory is None or request.directory.endswith(b" (deleted)"):
            return False
        if runs:
            caller = request.caller  # as the front will find it: differing in nothing
            return (
                self._fastpath.runs
                and connection.passed == 4
                and caller is not None
                and not caller.differs
                and not decision.timeout_ms
                and command.nice == self._nice
            )
        if request.caller is not None:  # what it is confined to had its part in the answer
            return False
        return decision.action is Action.DENY or (
            decision.action is Action.ALLOW and connection.placement == "in_place"
        )

    def _reach_program(self, reads: Reads, request: Request, answer: bytes, *, runs: bool) -> bytes:
        """Lists what leads to the program; returns what the front has to know: the path, or the answer as it is."""
        path = read_program(reads, self._programs, request.name, request.facts.variable(b"PATH"))
        if path != request.program:
            raise Changed
        return path if runs else answer
