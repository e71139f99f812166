"""Verification of the log's chain: nothing changed, taken away, put elsewhere, torn or lost since it was written."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Literal, NamedTuple

from safeshell.audit.chain import START, Sealed, unseal

REMEMBERED = 10_000
"""Records whose digests are kept, for what was put elsewhere; a neighbour's is all that an orderly log needs."""

Kind = Literal["changed", "missing", "reordered", "repeated", "torn", "lost"]


class ChainFinding(NamedTuple):
    """Something wrong with the log.

    Attributes:
        kind: what.
        file: the file as it was named when it was opened.
        line: from 1 on; 0 for the end of the file.
        message: one line.
    """

    kind: Kind
    file: str
    line: int
    message: str


class Verified(NamedTuple):
    """Result of a check.

    Attributes:
        findings: by file and line.
        records: how many there are.
        first: the number of the first of them, 0 for none.
        last: the number of the last of them.
    """

    findings: list[ChainFinding]
    records: int
    first: int
    last: int


def verify(streams: Iterable[BinaryIO], head: Mapping[str, Any] | None = None) -> Verified:
    """Checks the files of a log.

    Args:
        streams: the files, oldest first.
        head: what the daemon says of its own head (`AuditLog.status`), asked before the files were opened; None or
            nothing where there is no daemon, or one that has written nothing.
    """
    check = _ChainCheck((head or {}).get("seq") or 0, (head or {}).get("hash") or "")
    for stream in streams:
        check.file(stream)
    return check.ended()


class _ChainCheck:
    def __init__(self, seq: int, digest: str) -> None:
        self._head = (seq, digest)
        self._findings: list[ChainFinding] = []
        self._records = 0
        self._first: int | None = None
        self._last = 0
        self._digests: OrderedDict[int, str] = OrderedDict()
        self._gaps: dict[int, tuple[int, str, int]] = {}
        """Records that have not been seen, by the first of them: the last of them, and where they should stand."""
        self._file = ""
        self._line = 0

    def file(self, stream: BinaryIO) -> None:
        """Takes the next file."""
        self._file = os.fspath(stream.name)
        for number, line in enumerate(stream, 1):
            self._line = number
            text = line.removesuffix(b"\n")
            sealed = unseal(text)
            if sealed is None:
                self._broken(text)
            else:
                self._record(sealed, text)

    def ended(self) -> Verified:
        """All that was found, the end included."""
        seq, digest = self._head
        if seq > self._last:
            missing = _range(self._last + 1, seq)
            self._find("missing", f"{missing} at the end; the daemon has written up to record {seq}", line=0)
        elif seq in self._digests and self._digests[seq] != digest:
            self._find("changed", f"record {seq} is not the one that the daemon wrote", line=0)
        for first, (last, file, line) in self._gaps.items():
            self._findings.append(ChainFinding("missing", file, line, f"{_range(first, last)} before this line"))
        order = {file: index for index, file in enumerate(dict.fromkeys(one.file for one in self._findings))}
        findings = sorted(self._findings, key=lambda one: (order[one.file], not one.line, one.line))
        return Verified(findings, self._records, self._first or 0, self._last)

    def _find(self, kind: Kind, message: str, *, line: int | None = None) -> None:
        self._findings.append(ChainFinding(kind, self._file, self._line if line is None else line, message))

    def _broken(self, line: bytes) -> None:
        """A line that is no record: one that was not written to its end, or one that was tampered with."""
        if line.endswith(b"}") or not line.startswith(b'{"seq":'[: len(line)]):
            self._find("changed", "this line is no record")
        else:
            self._find("torn", "this record was not written to its end")

    def _record(self, sealed: Sealed, line: bytes) -> None:
        self._records += 1
        if not sealed.intact:
            self._find("changed", f"record {sealed.seq} is not as it was written")
        self._place(sealed)
        before = START if sealed.seq == 1 else self._digests.get(sealed.seq - 1)
        if sealed.intact and before is not None and before != sealed.prev:
            self._find("changed", f"record {sealed.seq} does not follow from the record {sealed.seq - 1} that is here")
        self._digests[sealed.seq] = sealed.hash
        if len(self._digests) > REMEMBERED:
            self._digests.popitem(last=False)
        if b',"removed":' in line:
            removed = _number(line, "removed")
            if removed and not self._is_back(removed, sealed):
                self._find("missing", f"records up to {removed} were taken away, with their file, before this record")
        if b',"lost":' in line:
            lost = _lost(line)
            if lost:
                self._find("lost", f"{lost} before this record could not be written")

    def _is_back(self, removed: int, sealed: Sealed) -> bool:
        """Whether the records that were missed when this one was written stand before it again."""
        return sealed.seq == removed + 1 and self._digests.get(removed) == sealed.prev

    def _place(self, sealed: Sealed) -> None:
        seq = sealed.seq
        if self._first is None:
            self._first = seq
        elif seq > self._last + 1:
            self._gaps[self._last + 1] = (seq - 1, self._file, self._line)
        elif seq <= self._last:
            self._find(*self._earlier(seq))
        self._last = max(self._last, seq)

    def _earlier(self, seq: int) -> tuple[Kind, str]:
        """Finding about a record that stands behind a later one."""
        for first, (last, file, line) in self._gaps.items():
            if first <= seq <= last:
                del self._gaps[first]
                for left in ((first, seq - 1), (seq + 1, last)):
                    if left[0] <= left[1]:
                        self._gaps[left[0]] = (left[1], file, line)
                return "reordered", f"record {seq} stands behind record {self._last}"
        if self._first is not None and seq < self._first:
            if seq + 1 < self._first:
                self._gaps[seq + 1] = (self._first - 1, self._file, self._line + 1)
            self._first = seq
            return "reordered", f"record {seq} stands behind record {self._last}"
        return "repeated", f"record {seq} is here a second time"


def _range(first: int, last: int) -> str:
    return f"record {first} is missing" if first == last else f"records {first} to {last} are missing"


def _number(line: bytes, field: str) -> int:
    """A number that the writer says, 0 where it says none."""
    try:
        found = json.loads(line).get(field)
    except ValueError:
        return 0
    return found if isinstance(found, int) else 0


def _lost(line: bytes) -> str:
    """Number of records that the writer says it lost, in words."""
    count = _number(line, "lost")
    return "" if not count else "1 decision" if count == 1 else f"{count} decisions"


def to_json(found: Verified) -> dict[str, Any]:
    """Object that `log verify --json` prints."""
    return {
        "ok": not found.findings,
        "records": found.records,
        "first": found.first or None,
        "last": found.last or None,
        "findings": [finding._asdict() for finding in found.findings],
    }


def lines(found: Verified) -> Iterator[str]:
    """A line for each finding."""
    for kind, file, line, message in found.findings:
        yield f"{file}:{line}: {kind}: {message}" if line else f"{file}: {kind}: {message}"
