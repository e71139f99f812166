"""The decision table as bytes and as objects: docs/table.md is its description."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from typing import Any

from safeshell.errors import TableError

FORMAT = 1
SECTIONS = ("meta", "atoms", "rows", "rules", "units", "dispatch")

Sections = Mapping[str, bytes | memoryview]
"""A table's bytes by the names of the sections."""


def canonical_json(value: Any) -> bytes:
    """JSON with one spelling: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def pack_records(values: Iterable[Any]) -> bytes:
    """A records section of JSON values."""
    payloads = [canonical_json(value) for value in values]
    offsets = [0]
    for payload in payloads:
        offsets.append(offsets[-1] + len(payload))
    return struct.pack(f"<I{len(offsets)}I", len(payloads), *offsets) + b"".join(payloads)


def table_digest(sections: Sections) -> str:
    """The content digest of a table: SHA-256, hex."""
    import hashlib  # noqa: PLC0415 # loads OpenSSL, 3 ms of the daemon's start; its reader has the digest

    digest = hashlib.sha256()
    for name in SECTIONS:
        digest.update(f"{name} {len(sections[name])}\n".encode())
        digest.update(sections[name])
    return digest.hexdigest()


class Records:
    """A records section, read in place: a record is parsed when it is asked for.

    Raises:
        TableError: the offsets do not fit the bytes.
    """

    __slots__ = ("_count", "_data", "_start")

    def __init__(self, data: bytes | memoryview) -> None:
        try:
            self._count: int = struct.unpack_from("<I", data)[0]
            self._start: int = 8 + 4 * self._count
            (end,) = struct.unpack_from("<I", data, self._start - 4)
        except struct.error as error:
            raise TableError("the table is damaged: a section ends early") from error
        self._data = data
        if self._start + end != len(data):
            raise TableError("the table is damaged: a section has the wrong size")

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        begin, end = _OFFSETS(self._data, 4 + 4 * index)
        return _DECODE(str(self._data[self._start + begin : self._start + end], "utf-8"))


_OFFSETS = struct.Struct("<2I").unpack_from
_DECODE = json.JSONDecoder().decode
"""`json.loads`, which looks first what encoding bytes are in."""


class Table:
    """One table, read in place: its sections are bytes, or mapped memory that nobody can change (`store.memory`).

    Attributes:
        sections: its bytes.
        digest: the content digest, hex.
        meta: format, compiler, kind, sources, counts.
        root: the directory that the sources' paths are relative to, for messages.
        rows, rules, atoms, units: records (docs/table.md).
        exact, globs, any_unit, grammars, splits: the dispatch section.
    """

    __slots__ = (
        *("any_unit", "atoms", "digest", "exact", "globs", "grammars", "meta", "root", "rows", "rules", "sections"),
        *("splits", "units"),
    )

    def __init__(self, sections: Sections, root: str, digest: str = "") -> None:
        """Reads a table.

        Args:
            sections: its bytes.
            root: see above.
            digest: what the sections give, where another process has made sure of that already.

        Raises:
            TableError: a section is missing or damaged, or the format is another version's.
        """
        missing = [name for name in SECTIONS if name not in sections]
        if missing:
            raise TableError(f"the table is damaged: no section {missing[0]}")
        try:
            self.meta: dict[str, Any] = json.loads(bytes(sections["meta"]))
            dispatch: dict[str, Any] = json.loads(bytes(sections["dispatch"]))
            found = self.meta["format"]
            self.exact: dict[str, int] = dispatch["exact"]
            self.globs: list[tuple[str, int]] = [(glob, unit) for glob, unit in dispatch["globs"]]
            self.any_unit: int | None = dispatch["any"]
            self.grammars: dict[str, Any] = dispatch.get("grammars", {})
            self.splits: dict[int, int] = dict(dispatch.get("splits", ()))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise TableError("the table is damaged: a section is not what it should be") from error
        if found != FORMAT:
            raise TableError(
                f"the table has format {found}, this version reads {FORMAT}", hint="run `safeshell compile`"
            )
        self.digest = digest or table_digest(sections)
        self.root = root
        self.move(sections)

    def move(self, sections: Sections) -> None:
        """Reads the same bytes elsewhere from now on, so that nothing holds on to where they were.

        Raises:
            TableError: they are damaged.
        """
        self.sections = sections
        self.atoms = Records(sections["atoms"])
        self.rows = Records(sections["rows"])
        self.rules = Records(sections["rules"])
        self.units = Records(sections["units"])

    @property
    def size(self) -> int:
        """Bytes of all sections."""
        return sum(map(len, self.sections.values()))

    def place(self, rule: Mapping[str, Any]) -> str:
        """Where a rule record stands: `file:line`, absolute where the root is known."""
        file = rule["file"]
        path = file if not self.root or file.startswith(("/", "pack:")) else f"{self.root}/{file}"
        return f"{path}:{rule['line']}"
