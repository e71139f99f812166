"""Replay of a log: its parts by two processes, streamed, so that memory does not grow with it."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from safeshell.audit.replay.decide import UndecidableError, decide, old_decision
from safeshell.audit.replay.summary import ReplayTally
from safeshell.errors import SafeShellError
from safeshell.home.repository_rules import find_rules
from safeshell.policy.decision_cache import Policy
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable

PART_BYTES = 4 << 20
"""Bytes that one process takes at a time; a log of no more than that is not worth a second process."""

WORKERS = 2
_DIRECTORIES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Grounds:
    """Grounds that records are decided by.

    Attributes:
        tables: in order of precedence.
        home: whose repositories' rules count too, as they stand; None for no repository's.
        most: how many examples a group keeps; None for all.
    """

    tables: tuple[Table, ...]
    home: str | None
    most: int | None


@dataclass(frozen=True, slots=True)
class LogPart:
    """The lines of an open file that begin between two places."""

    descriptor: int
    start: int
    end: int


def parts(streams: Iterable[BinaryIO]) -> list[LogPart]:
    """The parts of open files, in order.

    Args:
        streams: regular files, open as long as the parts are read.
    """
    found = []
    for stream in streams:
        size = os.fstat(stream.fileno()).st_size
        found += [
            LogPart(stream.fileno(), start, min(start + PART_BYTES, size)) for start in range(0, size, PART_BYTES)
        ]
    return found


def replay(grounds: Grounds, todo: list[LogPart], done: Callable[[int, int], None]) -> ReplayTally:
    """Decides the records of all parts again.

    Args:
        grounds: what by.
        todo: the parts.
        done: told after each part how many bytes, and how many records, are done.

    Raises:
        SafeShellError: a process ended early.
    """
    total = ReplayTally(grounds.most)
    size = 0
    for part, tally in zip(todo, _tallies(grounds, todo), strict=True):
        total.merge(tally)
        size += part.end - part.start
        done(size, total.records)
    return total


def _tallies(grounds: Grounds, todo: list[LogPart]) -> Iterator[ReplayTally]:
    if sum(part.end - part.start for part in todo) <= PART_BYTES:
        yield from map(Replayer(grounds).part, todo)
        return
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(_worker(grounds, todo[start::WORKERS])) for start in range(WORKERS)]
        for number in range(len(todo)):
            try:
                tally: ReplayTally = pickle.load(workers[number % WORKERS])  # noqa: S301 # written by our own process
            except EOFError as error:
                raise SafeShellError("a process that decided a part of the log ended before it was done") from error
            yield tally


@contextlib.contextmanager
def _worker(grounds: Grounds, share: list[LogPart]) -> Iterator[IO[bytes]]:
    """A process that decides these parts; what it is read from."""
    with subprocess.Popen(
        [sys.executable, "-I", "-m", "safeshell.audit.replay.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=list({part.descriptor for part in share}),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with contextlib.suppress(BrokenPipeError), process.stdin as stream:
                pickle.dump((grounds, share), stream)
            yield process.stdout
        finally:
            process.kill()


class Replayer:
    """Decides records by the tables that are in force where they were made."""

    def __init__(self, grounds: Grounds) -> None:
        self._most = grounds.most
        self._home = None if grounds.home is None else os.fsencode(grounds.home)
        self._tables = [LoadedTable(table) for table in grounds.tables]
        self._policy = Policy(self._tables)
        self._repositories: dict[tuple[bytes, ...], Policy] = {}
        self._directories: dict[str, Policy] = {}
        self._notes: dict[str, None] = {}

    def part(self, part: LogPart) -> ReplayTally:
        """Decides the records of a part."""
        tally = ReplayTally(self._most)
        # Opened anew, for a place of its own in the file; by descriptor, for a rotation renames files.
        with open(f"/proc/self/fd/{part.descriptor}", "rb") as stream:
            at = part.start
            if at:
                stream.seek(at - 1)
                at += len(stream.readline()) - 1  # the line that begins before is another part's
            while at < part.end:
                line = stream.readline()
                at += len(line)
                self._line(line, tally)
        tally.notes = dict(self._notes)
        return tally

    def _line(self, line: bytes, tally: ReplayTally) -> None:
        record: dict[str, Any] = {}
        try:
            record = json.loads(line)
            old = old_decision(record)
            if old is None:
                tally.skipped += 1
            else:
                tally.decided(record, old, decide(record, self._policy_of(record.get("cwd"))))
        except UndecidableError as error:
            tally.failed(record, error.reason)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            tally.failed(record if isinstance(record, dict) else {}, "the line is no record")

    def _policy_of(self, cwd: str | None) -> Policy:
        if self._home is None or cwd is None:
            return self._policy
        if "[redacted:" in cwd:
            raise UndecidableError("the working directory was redacted, so its repository can't be found")
        policy = self._directories.get(cwd)
        if policy is None:
            if len(self._directories) >= _DIRECTORIES_MAX:
                self._directories.clear()
            rules = find_rules(cwd.encode("utf-8", "surrogateescape"), self._home)
            policy = self._directories[cwd] = self._repository(rules) if rules else self._policy
        return policy

    def _repository(self, files: tuple[bytes, ...]) -> Policy:
        policy = self._repositories.get(files)
        if policy is None:
            from safeshell_compiler.publish import compile_repository  # noqa: PLC0415 # only where there is one

            tables = list(self._tables)
            for path in map(os.fsdecode, files):
                compiled = compile_repository(path)
                if compiled.errors:
                    self._notes[f"{path} has errors; this repository's rules are skipped"] = None
                else:
                    current, sections = compiled.current()
                    tables.append(LoadedTable(Table(sections, current.root)))
            policy = self._repositories[files] = Policy(tables) if len(tables) > len(self._tables) else self._policy
        return policy
