"""What crosses from C to Python: the formats of one are the structs of the other."""

from __future__ import annotations

import ctypes
import re
import struct

import pytest

from safeshell.daemon.core.accepted import Accepted
from safeshell.daemon.fastpath import binding
from safeshell.daemon.fastpath.binding import Answered, End
from safeshell.install.native import native_front

Fields = dict[str, tuple[int, int]]
"""Offset and size by name."""

FORMATS = {
    "accepted": binding._ACCEPTED,
    "answered": binding._ANSWERED,
    "ended": binding._ENDED,
    "ready": binding._READY,
}
PASSED_MAX = 4
"""The only array; no other count of a format is as large."""


class Field(ctypes.Structure):
    """`struct field` of layout.c."""

    _fields_ = (("name", ctypes.c_char_p), ("offset", ctypes.c_size_t), ("size", ctypes.c_size_t))


@pytest.fixture(scope="module")
def structs() -> dict[str, Fields]:
    """The fields of each struct, as C has them; the last one's name is "", its offset the size of `struct shared`."""
    path = native_front()
    assert path is not None, "nothing was compiled: these tests would show nothing"
    found: dict[str, Fields] = {}
    for field in (Field * 100).in_dll(ctypes.CDLL(path), "front_layout"):
        name, _, of = (field.name or b"shared.").decode().partition(".")
        found.setdefault(name, {})[of] = field.offset, field.size
        if field.name is None:
            return found
    raise AssertionError


def test_the_areas_are_where_python_looks_for_them(structs: dict[str, Fields]) -> None:
    assert {name: offset for name, (offset, _) in structs["shared"].items()} == {
        "answered_count": 0,
        "ended_count": 4,
        "accepted": binding._ACCEPTED_AT,
        "answered": binding._ANSWERED_AT,
        "ended": binding._ENDED_AT,
        "ready": binding._READY_AT,
        "directory": binding._DIRECTORY_AT,
        "": binding._SIZE,
    }
    assert structs["accepted"]["fd"] == (binding._COUNTS.size - binding._ACCEPTED_AT - 4, 4)  # the last of three


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_its_structs(structs: dict[str, Fields], name: str) -> None:
    assert list(structs[name].values()) == list(fields(FORMATS[name].format))


def fields(code: str) -> list[tuple[int, int]]:
    """Offset and size of each field of a format without padding."""
    sizes = []
    for count, letter in re.findall(r"(\d*)([a-zA-Z])", code):
        size, number = struct.calcsize(f"={letter}"), int(count or 1)
        sizes += [size * number] if number == PASSED_MAX else [size] * number
    return [(sum(sizes[:at]), size) for at, size in enumerate(sizes)]


def test_the_names_stand_in_the_same_order(structs: dict[str, Fields]) -> None:
    made_up = {"descriptors", "directory"}  # of several fields
    accepted = [name for name in structs["accepted"] if name in set(Accepted._fields) - made_up]
    assert accepted == [name for name in Accepted._fields if name not in made_up]
    assert [*structs["answered"]] == [*Answered._fields[:5], "unused", "duration"]
    assert tuple(structs["ended"]) == End._fields
