"""How much the trash holds, and for how long."""

from __future__ import annotations

import os
import time

import pytest
from harness import reap
from trash.bins import names, put, trash

from safeshell.trash.limits import AGE_MS, SIZE, TrashLimits, human
from safeshell.trash.locations import open_all

KIB = 1024
DAY_NS = 24 * 3600 * 1_000_000_000


def limit(home: str, text: str) -> None:
    os.makedirs(home, exist_ok=True)
    with open(os.path.join(home, "client.conf"), "w", encoding="ascii") as stream:
        stream.write(text)


def make_older(home: str, name: str, days: int) -> None:
    path = os.path.join(home, "trash", "info", f"{name}.trashinfo")
    with open(path, encoding="ascii") as stream:
        lines = stream.readlines()
    with open(path, "w", encoding="ascii") as stream:
        for line in lines:
            old = line.startswith("X-SafeShell-Time=")
            stream.write(f"X-SafeShell-Time={time.time_ns() - days * DAY_NS}\n" if old else line)
    with open(os.path.join(home, "trash", "sizes"), "w", encoding="ascii"):
        pass


def known_total(home: str) -> tuple[bool, int]:
    with open_all(os.fsencode(home)) as directories:
        own = directories[0]  # the machine may have others at the tops of its mounts
        with own.locked():
            return own.sizes.known, own.sizes.total


def test_the_oldest_goes_first(home: str, place: str) -> None:
    limit(home, f"trash_size={40 * KIB}\n")
    for name in "abcdef":
        assert put(home, place, name, 12 * KIB) == (0, b"", b"", ())
    assert names(home) == [b"d", b"e", b"f"]
    assert known_total(home) == (True, 36 * KIB)


def test_what_was_just_put_in_stays(home: str, place: str) -> None:
    limit(home, f"trash_size={40 * KIB}\n")
    assert put(home, place, "old", 12 * KIB).status == 0
    for name in "abcd":
        with open(os.path.join(place, name), "wb") as stream:
            stream.write(b"x" * 12 * KIB)
    done = trash(home, place, "-v", "a", "b", "c", "d")
    assert (done.status, done.out) == (1, b"removed 'a'\nremoved 'b'\nremoved 'c'\n")
    assert done.err.startswith(
        b"rm: cannot remove 'd': it is 12.0 KiB with the 36.0 KiB just put there, the trash takes"
    )
    assert names(home) == [b"a", b"b", b"c"]
    assert os.listdir(place) == ["d"]


def test_what_is_larger_than_the_trash_is_refused(home: str, place: str) -> None:
    limit(home, f"trash_size={40 * KIB}\n")
    assert put(home, place, "old", 12 * KIB).status == 0
    os.mkdir(os.path.join(place, "d"))
    for name in "abcd":
        with open(os.path.join(place, "d", name), "wb") as stream:
            stream.write(b"x" * 12 * KIB)
    done = trash(home, place, "-rfv", "d")
    assert (done.status, done.out) == (1, b"")
    assert b"the trash takes 40.0 KiB (raise `trash: size` in config.yaml, or have a person delete it)\n" in done.err
    assert len(os.listdir(os.path.join(place, "d"))) == 4
    assert names(home) == [b"old"]


@pytest.mark.parametrize("place", ["/tmp"], indirect=True)
def test_links_to_one_file_count_once(home: str, place: str) -> None:
    limit(home, f"trash_size={40 * KIB}\n")
    os.mkdir(os.path.join(place, "d"))
    with open(os.path.join(place, "d", "a"), "wb") as stream:
        stream.write(b"x" * 24 * KIB)
    os.link(os.path.join(place, "d", "a"), os.path.join(place, "d", "b"))
    assert trash(home, place, "-r", "d").status == 0


def test_old_things_go(home: str, place: str) -> None:
    for name in "abc":
        assert put(home, place, name).status == 0
    make_older(home, "a", 31)
    make_older(home, "b", 29)
    assert put(home, place, "d").status == 0
    assert names(home) == [b"b", b"c", b"d"]
    limit(home, "trash_age_ms=0\n")
    make_older(home, "b", 3000)
    assert put(home, place, "e").status == 0
    assert names(home) == [b"b", b"c", b"d", b"e"]
    limit(home, "trash_age_ms=1000000\n")
    assert put(home, place, "f").status == 0
    assert names(home) == [b"c", b"d", b"e", b"f"]


def test_no_limit(home: str, place: str) -> None:
    limit(home, "trash_size=0\ntrash_age_ms=0\n")
    assert put(home, place, "a", 100 * KIB).status == 0
    assert names(home) == [b"a"]


@pytest.mark.parametrize("place", ["/tmp"], indirect=True)
def test_what_others_change_is_counted_anew(home: str, place: str) -> None:
    assert put(home, place, "a", 12 * KIB).status == 0
    assert put(home, place, "b", 12 * KIB).status == 0
    assert known_total(home) == (True, 24 * KIB)
    for path in ("files/a", "info/a.trashinfo"):
        os.unlink(os.path.join(home, "trash", path))
    os.utime(os.path.join(home, "trash", "info"), ns=(1, 1))
    assert known_total(home) == (False, 0)
    with open(os.path.join(home, "trash", "files", "unrecorded"), "wb") as stream:
        stream.write(b"x" * 12 * KIB)
    assert put(home, place, "c", 12 * KIB).status == 0
    assert known_total(home) == (True, 36 * KIB)


@pytest.mark.parametrize("text", ["", "5 30 20\n", "\0\0\0", "a b c"])
@pytest.mark.parametrize("place", ["/tmp"], indirect=True)
def test_damaged_sizes_are_counted_anew(home: str, place: str, text: str) -> None:
    assert put(home, place, "a", 12 * KIB).status == 0
    with open(os.path.join(home, "trash", "sizes"), "w", encoding="ascii") as stream:
        stream.write(text)
    assert put(home, place, "b", 12 * KIB).status == 0
    assert known_total(home) == (True, 24 * KIB)


def test_settings_have_defaults(home: str) -> None:
    limit(home, "marker=X\ntrash_size=5\ntrash_age_ms=soon\n")
    found = TrashLimits.read(os.fsencode(home) + b"/client.conf")
    assert (found.size, found.age_ns) == (5, AGE_MS * 1_000_000)
    assert TrashLimits.read(b"/nonexistent").size == SIZE


def test_sizes_for_people() -> None:
    assert [human(size) for size in (0, 1023, 1024, 10 << 30, 5 << 40)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "10.0 GiB",
        "5.0 TiB",
    ]


def test_many_at_once(home: str, place: str) -> None:
    pids = []
    for number in range(8):
        directory = os.path.join(place, str(number))
        os.mkdir(directory)
        pids.append(os.fork())
        if pids[-1] == 0:
            statuses = [put(home, directory, "same", 4 * KIB).status for _ in range(5)]
            os._exit(max(statuses))
    assert [reap(pid) for pid in pids] == [0] * 8
    assert known_total(home) == (True, 160 * KIB)
    with open_all(os.fsencode(home)) as (all_of_them,):
        paths = [entry.path for entry in all_of_them.entries()]
    assert sorted(paths) == sorted([os.fsencode(os.path.join(place, str(number), "same")) for number in range(8)] * 5)
