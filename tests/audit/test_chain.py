"""A line's place in the chain: what was sealed is told from what was changed, wherever that was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeshell.audit.chain import START, Head, Sealed, head_of, seal, unseal

RECORDS = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name not in ("seq", "prev", "hash")),
    st.none() | st.integers() | st.text(max_size=20),
    max_size=4,
)


@given(st.lists(RECORDS, min_size=1, max_size=5))
def test_each_line_follows_the_one_before_and_says_what_it_was_given(records: list[dict[str, object]]) -> None:
    head = Head()
    for number, record in enumerate(records, 1):
        line, after = seal(record, head)
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert line.isascii()
        assert unseal(line[:-1]) == Sealed(number, head.hash, after.hash, intact=True)
        assert head_of(line[:-1]) == after
        said = json.loads(line)
        assert {name: said[name] for name in record} == record
        head = after
    assert head.seq == len(records)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_byte_that_was_changed_shows(at: int, by: int) -> None:
    line = seal({"argv": ["rm", "x"], "decision": "deny"}, Head())[0][:-1]
    at %= len(line)
    found = unseal(line[:at] + bytes([line[at] ^ by]) + line[at + 1 :])
    assert found is None or not found.intact


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b'{"seq":1,"argv":["x"', b'"prev":"0","hash":"0"}'])
def test_what_ends_early_or_begins_late_is_no_record(line: bytes) -> None:
    assert unseal(line) is None
    assert head_of(line) is None


def test_what_a_command_says_is_not_taken_for_a_seal() -> None:
    forged = f',"prev":"{START}","hash":"{START}"}}'
    line, head = seal({"argv": [forged, '{"seq":9,']}, Head())
    assert unseal(line[:-1]) == Sealed(1, START, head.hash, intact=True)
