"""tables.lmdb: what is published is what is read, and a file that is anything else is refused, never believed."""

from __future__ import annotations

import faulthandler
import fcntl
import json
import mmap
import multiprocessing
import os
import random
import shutil
import stat
import struct
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from needs import need

from safeshell.errors import TableError
from safeshell.policy.store.memory import SEALS, SealedSections, create, fill
from safeshell.policy.store.reading import Inherited, read_current, read_file
from safeshell.policy.store.records import Current, signature
from safeshell.policy.store.writing import write_file, write_tables
from safeshell.policy.table import FORMAT, SECTIONS, canonical_json, pack_records, table_digest

Published = tuple[Current, dict[str, bytes]]
SETTINGS = {"execution": "auto"}


def a_table(word: str, size: int = 0) -> dict[str, bytes]:
    sections = {name: pack_records([word, "x" * size]) for name in SECTIONS}
    sections["meta"] = canonical_json({"format": FORMAT, "word": word})
    sections["dispatch"] = canonical_json({"exact": {}, "globs": [], "any": None})
    return sections


def read(path: str, rules: list[str]) -> tuple[dict[str, Published], dict[str, Any]]:
    """`read_current`, with bytes in the place of mappings."""
    found, settings = read_current(path, rules)
    return {name: (current, plain(sections)) for name, (current, sections) in found.items()}, settings


def plain(sections: Mapping[str, bytes | memoryview]) -> dict[str, bytes]:
    return {name: bytes(data) for name, data in sections.items()}


def published(word: str, size: int = 0) -> Published:
    sections = a_table(word, size)
    return Current(table_digest(sections), f"/root/{word}", {"/watched": (1, 2, 3, 4), "/absent": None}), sections


@pytest.fixture(autouse=True)
def quiet_deaths() -> Iterator[None]:
    """Readers of damaged files die here as they should; their last words are no failure's."""
    was_on = faulthandler.is_enabled()
    faulthandler.disable()
    yield
    if was_on:
        faulthandler.enable()


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "rules.yaml"
    path.write_text("version: 1\n")
    return str(path)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "tables.lmdb")


def keys(path: str) -> list[str]:
    """The table keys in a file, read by another process as LMDB may be opened once in each."""
    script = (
        "import lmdb, sys\n"
        "with lmdb.open(sys.argv[1], subdir=False, readonly=True, lock=False).begin() as transaction:\n"
        "    print(*[bytes(key).decode() for key, _ in transaction.cursor()], sep='\\n')\n"
    )
    import sys

    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_what_is_published_is_read(path: str, rules: str) -> None:
    entry = published("one", 5000)
    write_tables(path, {rules: entry}, SETTINGS)
    assert read(path, [rules, "/no/such"]) == ({rules: entry}, SETTINGS)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert sorted(os.listdir(os.path.dirname(path))) == ["rules.yaml", "tables.lmdb", "tables.lmdb-lock"]


def test_settings_stay_where_only_a_repository_is_published(path: str, rules: str, tmp_path: Path) -> None:
    other = tmp_path / "repository.yaml"
    other.touch()
    write_tables(path, {rules: published("one")}, SETTINGS)
    write_tables(path, {str(other): published("two")})
    found, settings = read(path, [rules, str(other)])
    assert (set(found), settings) == ({rules, str(other)}, SETTINGS)


def test_tables_that_nothing_stands_for_are_dropped(path: str, rules: str, tmp_path: Path) -> None:
    short_lived = tmp_path / "repository/rules.yaml"
    short_lived.parent.mkdir()
    short_lived.touch()
    write_tables(path, {str(short_lived): published("gone")}, SETTINGS)
    write_tables(path, {rules: published("old")})
    short_lived.unlink()
    write_tables(path, {rules: published("new")})
    digest = published("new")[0].digest
    assert keys(path) == sorted(["index", *[f"table/{digest}/{name}" for name in SECTIONS]])
    assert list(read(path, [rules, str(short_lived)])[0]) == [rules]


def test_a_homes_own_table_stays_where_its_rules_are_taken_away(path: str, rules: str, tmp_path: Path) -> None:
    write_tables(path, {rules: published("own")}, SETTINGS)
    os.unlink(rules)
    other = tmp_path / "repository/rules.yaml"
    other.parent.mkdir()
    other.touch()
    write_tables(path, {str(other): published("other")})
    assert read(path, [rules])[0] == {rules: published("own")}


def test_a_table_that_two_rules_files_share_stays_until_both_are_gone(path: str, rules: str, tmp_path: Path) -> None:
    twin = tmp_path / "twin.yaml"
    twin.touch()
    write_tables(path, {rules: published("same"), str(twin): published("same")}, SETTINGS)
    write_tables(path, {str(twin): published("other")})
    assert read(path, [rules])[0] == {rules: published("same")}


def test_the_file_does_not_grow_with_every_edit(path: str, rules: str) -> None:
    for number in range(4):
        write_tables(path, {rules: published(f"word {number}", 50_000)}, SETTINGS)
    size = os.path.getsize(path)
    for number in range(6):
        write_tables(path, {rules: published(f"more {number}", 50_000)}, SETTINGS)
    assert os.path.getsize(path) <= size


# Files that are not what they should be


@pytest.fixture
def good(path: str, rules: str) -> bytes:
    write_tables(path, {rules: published("one", 3000)}, SETTINGS)
    return Path(path).read_bytes()


def refuses_or_is_exact(path: str, rules: str) -> bool:
    """Whether the file was refused; one that is not refused has to give what was published."""
    try:
        found = read(path, [rules])
    except TableError:
        return True
    assert found == ({rules: published("one", 3000)}, SETTINGS)
    return False


def replace(path: str, data: bytes) -> None:
    os.unlink(path)
    Path(path).write_bytes(data)
    os.chmod(path, 0o600)


def test_a_file_cut_short_is_refused_at_every_size(path: str, rules: str, good: bytes) -> None:
    interesting = {0, 1, 15, 16, 20, 39, 44, 151, 152, 4095, 4096, 4111, 4247, 4248, 8191, 8192, len(good) - 1}
    for size in sorted(interesting | set(range(0, len(good), 4096))):
        replace(path, good[:size])
        assert refuses_or_is_exact(path, rules) is (size < len(good)), size


def test_a_file_with_a_flipped_bit_is_refused_or_exact(path: str, rules: str, good: bytes) -> None:
    dice = random.Random(7)
    # Both meta pages and every page's header decide the most; the rest is sampled.
    places = [*range(8, 160, 7), *range(4096 + 8, 4096 + 160, 11)]
    places += [page + at for page in range(8192, len(good), 4096) for at in (0, 8, 10, 12, 14, 16, 18, 20, 22, 24, 40)]
    places += [dice.randrange(len(good)) for _ in range(40)]
    refused = 0
    for place in places:
        damaged = bytearray(good)
        damaged[place] ^= 1 << dice.randrange(8)
        replace(path, bytes(damaged))
        refused += refuses_or_is_exact(path, rules)
    assert refused > 20


def test_a_damaged_file_is_begun_anew(path: str, rules: str, good: bytes) -> None:
    replace(path, good[:5000])
    write_tables(path, {rules: published("one", 3000)}, SETTINGS)
    assert not refuses_or_is_exact(path, rules)
    assert Path(f"{path}.damaged").read_bytes() == good[:5000]


def test_publishing_into_a_file_with_a_flipped_bit_leaves_a_good_one(path: str, rules: str, good: bytes) -> None:
    dice = random.Random(11)
    places = [*range(8192, len(good), 4096), *[dice.randrange(len(good)) for _ in range(12)]]
    for place in places:
        damaged = bytearray(good)
        damaged[place] ^= 1 << dice.randrange(8)
        replace(path, bytes(damaged))
        write_tables(path, {rules: published("two", 2000)}, SETTINGS)
        assert read(path, [rules]) == ({rules: published("two", 2000)}, SETTINGS)


@pytest.mark.parametrize("content", [b"", b"version: 1\n", b"\0" * 20_000, b"SQLite format 3\0" + b"x" * 9000])
def test_what_is_no_table_file_is_refused_and_replaced(path: str, rules: str, content: bytes) -> None:
    Path(path).write_bytes(content)
    with pytest.raises(TableError, match="is not a table file"):
        read(path, [rules])
    write_tables(path, {rules: published("one")}, SETTINGS)
    assert read(path, [rules])[0] == {rules: published("one")}


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_directory_or_a_pipe_in_its_place_is_refused_and_replaced(path: str, rules: str, make: object) -> None:
    assert callable(make)
    make(path)
    with pytest.raises(TableError, match="is not a table file"):
        read(path, [rules])
    write_tables(path, {rules: published("one")}, SETTINGS)
    assert read(path, [rules])[0] == {rules: published("one")}


@pytest.mark.parametrize(("mode", "message"), [(0o660, "is writable by others"), (0o602, "is writable by others")])
def test_a_file_that_others_may_write_is_refused(path: str, rules: str, good: bytes, mode: int, message: str) -> None:
    assert good
    os.chmod(path, mode)
    with pytest.raises(TableError, match=message) as caught:
        read(path, [rules])
    assert caught.value.hint == f"chmod go-w {path}"


@pytest.mark.needs("root")
def test_another_users_file_is_refused(path: str, rules: str, good: bytes) -> None:
    assert good
    os.chown(path, 12345, -1)
    with pytest.raises(TableError, match="belongs to uid 12345, not to you"):
        read(path, [rules])


def test_a_file_that_is_not_there_says_what_to_do(path: str, rules: str) -> None:
    with pytest.raises(TableError, match="No such file") as caught:
        read(path, [rules])
    assert caught.value.hint == "run `safeshell compile`"


def test_another_format_version_is_refused(path: str, rules: str) -> None:
    from safeshell.policy.table import Table

    sections = {**a_table("one"), "meta": canonical_json({"format": FORMAT + 1})}
    write_tables(path, {rules: (Current(table_digest(sections), "/", {}), sections)}, SETTINGS)
    found = read(path, [rules])[0][rules]
    with pytest.raises(TableError, match=f"format {FORMAT + 1}"):
        Table(found[1], "/")


# Files of one table


def test_a_table_file_holds_one_table_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = str(tmp_path / "out.table")
    current, sections = published("one", 9000)
    write_file(path, current.digest, sections)
    assert read_file(path) == sections
    assert os.listdir(tmp_path) == ["out.table"]
    write_file(path, *_digest_and_sections("two"))
    assert read_file(path) == a_table("two")


def _digest_and_sections(word: str) -> tuple[str, dict[str, bytes]]:
    current, sections = published(word)
    return current.digest, sections


def test_a_table_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(TableError):
        write_file(str(tmp_path / "no" / "out.table"), *_digest_and_sections("one"))
    (tmp_path / "taken").mkdir()
    with pytest.raises(TableError, match="can't write"):
        write_file(str(tmp_path / "taken"), *_digest_and_sections("one"))
    assert os.listdir(tmp_path) == ["taken"]


def test_a_homes_tables_are_no_table_file(path: str, good: bytes) -> None:
    assert good
    with pytest.raises(TableError, match="no table file written by `safeshell compile -o`"):
        read_file(path)


def test_a_table_file_is_no_homes_tables(tmp_path: Path, rules: str) -> None:
    path = str(tmp_path / "out.table")
    write_file(path, *_digest_and_sections("one"))
    with pytest.raises(TableError, match="does not say what is in force"):
        read(path, [rules])


# Several at once, and no room


def _publish_often(path: str, rules: str, word: str, start: object) -> None:
    start.wait()  # type: ignore[attr-defined] # a Barrier, whose class is private
    for number in range(8):
        write_tables(path, {rules: published(f"{word} {number}", 20_000)}, SETTINGS)


def _read_often(path: str, rules: list[str], start: object) -> None:
    start.wait()  # type: ignore[attr-defined] # as above
    for _ in range(30):
        try:
            found, _settings = read(path, rules)
        except TableError as error:
            if "No such file" not in error.message:  # as it is only before the first is published
                raise
            continue
        for current, sections in found.values():
            assert table_digest(sections) == current.digest
            assert json.loads(sections["meta"])["word"] == current.root.removeprefix("/root/")


def test_publishers_and_readers_do_not_disturb_each_other(path: str, tmp_path: Path) -> None:
    files = [str(tmp_path / name) for name in ("a.yaml", "b.yaml", "c.yaml")]
    for name in files:
        Path(name).touch()
    context = multiprocessing.get_context("fork")
    start = context.Barrier(5)
    workers = [context.Process(target=_publish_often, args=(path, name, name[-6], start)) for name in files]
    workers += [context.Process(target=_read_often, args=(path, files, start)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0] * 5
    found = read(path, files)[0]
    assert {name: entry[0].root for name, entry in found.items()} == {name: f"/root/{name[-6]} 7" for name in files}
    assert not os.path.exists(f"{path}.damaged")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[str]:
    """A file system of 512 KiB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    need("mount", "root")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", mount], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("needs to mount a small disk")
    yield str(mount)
    subprocess.run(["umount", mount], check=True)


def test_a_full_disk_leaves_what_was_in_force(small_disk: str, rules: str) -> None:
    path = os.path.join(small_disk, "tables.lmdb")
    write_tables(path, {rules: published("one")}, SETTINGS)
    before = sorted(os.listdir(small_disk))
    with pytest.raises(TableError, match=r"No space left|Input/output error"):
        write_tables(path, {rules: published("two", 200_000)}, SETTINGS)
    assert read(path, [rules]) == ({rules: published("one")}, SETTINGS)
    with pytest.raises(TableError):
        write_file(os.path.join(small_disk, "out"), *_large())
    assert sorted(os.listdir(small_disk)) == before
    assert read(path, [rules]) == ({rules: published("one")}, SETTINGS)
    write_tables(path, {rules: published("three")}, SETTINGS)
    assert read(path, [rules])[0] == {rules: published("three")}


def _large() -> tuple[str, dict[str, bytes]]:
    current, sections = published("large", 200_000)
    return current.digest, sections


def test_a_damaged_file_on_a_full_disk_stays_where_it_is(small_disk: str, rules: str) -> None:
    path = os.path.join(small_disk, "tables.lmdb")
    write_tables(path, {rules: published("one")}, SETTINGS)
    damaged = Path(path).read_bytes()[:9000]
    replace(path, damaged)
    with pytest.raises(TableError):
        write_tables(path, {rules: published("two", 200_000)}, SETTINGS)
    assert Path(path).read_bytes() == damaged


# Memory files


@pytest.fixture
def memory() -> int:
    """A filled one's descriptor."""
    descriptor = create()
    fill(descriptor, {"a": [1]}, {"x": b"12", "y": b""})
    return descriptor


def test_a_filled_memory_file_is_mapped(memory: int) -> None:
    sections = SealedSections(memory)
    assert (sections.header, plain(sections)) == ({"a": [1]}, {"x": b"12", "y": b""})
    with pytest.raises(TypeError):
        sections["x"][0] = 0


def test_nobody_can_change_what_is_filled(memory: int) -> None:
    again = os.open(f"/proc/self/fd/{memory}", os.O_RDWR)
    for descriptor in (memory, again):
        for change in (
            lambda it: os.truncate(it, 0),
            lambda it: os.truncate(it, 1 << 20),
            lambda it: os.pwrite(it, b"x", 0),
            lambda it: mmap.mmap(it, 0),
            lambda it: fcntl.fcntl(it, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE),
        ):
            with pytest.raises(PermissionError):
                change(descriptor)
        assert fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) == SEALS
        os.close(descriptor)


def test_a_memory_file_that_ends_early_is_refused(memory: int) -> None:
    whole = os.pread(memory, 1 << 10, 0)
    os.close(memory)
    for data in [*[whole[:size] for size in range(len(whole))], whole + b"x"]:
        descriptor = create()
        os.write(descriptor, data)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SEALS)
        with pytest.raises(TableError, match="ended early"):
            SealedSections(descriptor)


def test_what_is_not_sealed_is_refused(memory: int, tmp_path: Path) -> None:
    data = os.pread(memory, 1 << 10, 0)
    os.close(memory)
    unsealed = create()
    os.write(unsealed, data)
    (tmp_path / "file").write_bytes(data)
    for descriptor in (unsealed, os.open(tmp_path / "file", os.O_RDONLY)):
        with pytest.raises(TableError, match="ended early"):
            SealedSections(descriptor)


def test_the_descriptor_is_closed_with_its_last_use(memory: int) -> None:
    sections = SealedSections(memory)
    data = sections["x"]
    del sections
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(memory)
    assert bytes(data) == b"12"


def test_a_signature_tells_states_of_a_file_apart(tmp_path: Path) -> None:
    path = tmp_path / "file"
    states = [signature(str(path))]
    path.write_text("one")
    states.append(signature(str(path)))
    path.write_text("four")
    states.append(signature(str(path)))
    os.utime(path, ns=(1, 1))
    states.append(signature(str(path)))
    shutil.copy(path, tmp_path / "copy")
    os.utime(tmp_path / "copy", ns=(1, 1))
    os.replace(tmp_path / "copy", path)
    states.append(signature(str(path)))
    path.chmod(0o640)
    states.append(signature(str(path)))
    assert states[0] is None
    assert len(set(states)) == 6


def test_a_signature_tells_contents_apart_whose_time_was_put_back(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    before, times = signature(str(path)), path.stat()
    path.write_text("two")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert signature(str(path)) != before


@pytest.mark.parametrize(
    "header", [b"null", b"5", b"[]", b'{"sections": []}', b'{"sections": {"a": "b"}}', b"[" * 60_000]
)
def test_a_header_that_is_none_is_an_error(header: bytes) -> None:
    descriptor = create()
    os.write(descriptor, struct.pack("<I", len(header)) + header)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SEALS)
    with pytest.raises(TableError, match="the other process ended early"):
        SealedSections(descriptor)


@pytest.mark.parametrize(
    "record", [{}, {"rules": "/r"}, {"rules": [], "digest": "", "root": "", "watch": {}}, {"watch": 5}]
)
def test_what_is_handed_over_and_no_table_is_an_error(record: dict[str, object]) -> None:
    descriptor = create()
    fill(descriptor, {"settings": {}, "digest": "", "root": "", "rules": "/r", "watch": 5} | record, {})
    with pytest.raises(TableError, match="the daemon of before handed over something else than a table"):
        Inherited([descriptor]).result()
