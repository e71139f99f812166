"""Tables as bytes: records, the digest, and what is refused."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeshell.errors import TableError
from safeshell.policy.table import FORMAT, SECTIONS, Records, Table, canonical_json, pack_records, table_digest

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=3), parts, max_size=3),
    max_leaves=5,
)


def sections(**changed: bytes) -> dict[str, bytes]:
    made = {name: pack_records([]) for name in SECTIONS}
    made["meta"] = canonical_json({"format": FORMAT, "sources": []})
    made["dispatch"] = canonical_json({"exact": {"rm": 0}, "globs": [["mkfs.*", 1]], "any": None})
    return {**made, **changed}


@given(st.lists(_JSON, max_size=6))
def test_records_come_out_as_they_went_in(values: list[object]) -> None:
    records = Records(pack_records(values))
    assert len(records) == len(values)
    assert [records[index] for index in range(len(values))] == values


@pytest.mark.parametrize(
    "data",
    [b"", b"\1", struct.pack("<I", 1), struct.pack("<I", 2**32 - 1) + b"x" * 64, pack_records([1])[:-1], b"\0" * 9],
)
def test_records_that_do_not_fit_are_refused(data: bytes) -> None:
    with pytest.raises(TableError, match="damaged"):
        Records(data)


def test_a_table_reads_its_sections() -> None:
    table = Table(sections(), "/r")
    assert (table.exact, table.globs, table.any_unit) == ({"rm": 0}, [("mkfs.*", 1)], None)
    assert table.digest == table_digest(sections())


def test_every_byte_counts_in_the_digest() -> None:
    made = sections()
    digests = {table_digest(made)}
    for name in SECTIONS:
        digests.add(table_digest({**made, name: made[name] + b" "}))
    digests.add(table_digest({**made, "meta": made["atoms"], "atoms": made["meta"]}))
    assert len(digests) == len(SECTIONS) + 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"meta": canonical_json({"format": FORMAT + 1})}, f"format {FORMAT + 1}, this version reads {FORMAT}"),
        ({"meta": b"{"}, "not what it should be"),
        ({"meta": b"{}"}, "not what it should be"),
        ({"meta": b"[]"}, "not what it should be"),
        ({"meta": b"\xff"}, "not what it should be"),
        ({"rows": b""}, "ends early"),
        ({"dispatch": b"{}"}, "not what it should be"),
        ({"dispatch": json.dumps({"exact": {}, "globs": [1], "any": None}).encode()}, "not what it should be"),
    ],
)
def test_a_table_that_is_none_is_refused(changed: dict[str, bytes], message: str) -> None:
    with pytest.raises(TableError, match=message):
        Table(sections(**changed), "/r")


def test_a_missing_section_is_named() -> None:
    made = sections()
    del made["units"]
    with pytest.raises(TableError, match="no section units"):
        Table(made, "/r")


@pytest.mark.parametrize(
    ("root", "file", "place"),
    [
        ("/r", "rules.yaml", "/r/rules.yaml:3"),
        ("/r", "/etc/x.yaml", "/etc/x.yaml:3"),
        ("/r", "pack:git", "pack:git:3"),
        ("", "rules.yaml", "rules.yaml:3"),
    ],
)
def test_a_rule_has_a_place(root: str, file: str, place: str) -> None:
    assert Table(sections(), root).place({"file": file, "line": 3}) == place
