"""What the trash keeps of a thing, by rename and by copy, on the way there and back."""

from __future__ import annotations

import os
import socket

import pytest
from trash.bins import ELSEWHERE, names, restore_all, trash
from trash.twins import Caller, Outcome, run_ours

from safeshell.trash.depth import any_depth
from safeshell.trash.locations import open_all
from safeshell.trash.restoring import listed, restore


def seen(root: str) -> dict[str, tuple[object, ...]]:
    """All that can be told of a tree's entries, but for where they are on the disk."""
    found: dict[str, tuple[object, ...]] = {}
    numbers: dict[int, int] = {}
    paths = sorted([root, *(os.path.join(at, name) for at, inner, files in os.walk(root) for name in inner + files)])
    for path in paths:
        status = os.lstat(path)
        found[os.path.relpath(path, root)] = (
            status.st_mode,
            status.st_uid,
            status.st_gid,
            status.st_nlink,
            numbers.setdefault(status.st_ino, len(numbers)),
            status.st_mtime_ns,
            status.st_atime_ns if path.endswith(("plain", "script", "fifo")) else 0,  # looking changes the others'
            status.st_size if not os.path.isdir(path) else 0,
            os.readlink(path) if os.path.islink(path) else None,
            _attributes(path),
        )
    return found


def _attributes(path: str) -> list[tuple[str, bytes]]:
    return [
        (name, os.getxattr(path, name, follow_symlinks=False))
        for name in sorted(os.listxattr(path, follow_symlinks=False))
    ]


def plant_everything(root: str) -> None:
    os.makedirs(os.path.join(root, "inner", "empty"))
    for name, mode in (("plain", 0o644), ("script", 0o755), ("locked", 0o400), ("setuid", 0o4711)):
        path = os.path.join(root, name)
        with open(path, "wb") as stream:
            stream.write(name.encode() * 1000)
        os.chmod(path, mode)
    with open(os.path.join(root, "sparse"), "wb") as stream:
        stream.seek(64 << 20)
        stream.write(b"end")
        stream.truncate(128 << 20)
    os.link(os.path.join(root, "plain"), os.path.join(root, "inner", "again"))
    os.symlink("plain", os.path.join(root, "link"))
    os.symlink("/nowhere/at all", os.path.join(root, "dangling"))
    os.mkfifo(os.path.join(root, "fifo"), 0o620)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.join(root, "socket"))
    for raw in (b"\xff\xfe", "naïve".encode(), b"line\nbreak", b"%41"):
        with open(os.path.join(os.fsencode(root), raw), "wb"):
            pass
    if os.geteuid() == 0:
        os.chown(os.path.join(root, "script"), 1234, 4321)
        os.chown(os.path.join(root, "link"), 1234, 4321, follow_symlinks=False)
        os.setxattr(os.path.join(root, "plain"), "trusted.note", b"kept\0")
    for number, (at, inner, files) in enumerate(os.walk(root, topdown=False)):
        for name in files + inner:
            times = (1_000_000_007_000_000_000 + number, 1_000_000_001_123_456_789 + number)
            os.utime(os.path.join(at, name), ns=times, follow_symlinks=False)
    os.chmod(os.path.join(root, "inner"), 0o2750)


def test_everything_is_kept(home: str, place: str) -> None:
    root = os.path.join(place, "tree")
    plant_everything(root)
    before = seen(root)
    blocks = os.lstat(os.path.join(root, "sparse")).st_blocks
    with open(os.path.join(root, "sparse"), "rb") as stream:
        stream.seek(64 << 20)
        assert stream.read(3) == b"end"
    assert trash(home, place, "-r", "tree") == (0, b"", b"", ())
    assert names(home) == [b"tree"]
    restore_all(home)
    assert seen(root) == before
    assert os.lstat(os.path.join(root, "sparse")).st_blocks <= blocks + 64
    with open(os.path.join(root, "sparse"), "rb") as stream:
        stream.seek(64 << 20)
        assert stream.read(4) == b"end\0"
    assert names(home) == []


def test_the_link_goes_and_not_its_target(home: str, place: str) -> None:
    os.mkdir(os.path.join(place, "target"))
    os.symlink("target", os.path.join(place, "link"))
    assert trash(home, place, "-r", "link").status == 0
    assert os.listdir(place) == ["target"]
    restore_all(home)
    assert os.readlink(os.path.join(place, "link")) == "target"


def test_several_of_one_name(home: str, place: str) -> None:
    for number in range(12):
        os.makedirs(os.path.join(place, str(number)))
        path = os.path.join(place, str(number), "same")
        with open(path, "w", encoding="ascii") as stream:
            stream.write(str(number))
        assert trash(home, place, path).status == 0
    assert len(set(names(home))) == 12
    restore_all(home)
    for number in range(12):
        with open(os.path.join(place, str(number), "same"), encoding="ascii") as stream:
            assert stream.read() == str(number)


@pytest.mark.parametrize("name", [b"n" * 255, b"\xff" * 250, b" ", b"%", b"=\n[Trash Info]\nPath=x"])
def test_names_of_all_kinds(home: str, place: str, name: bytes) -> None:
    path = os.path.join(os.fsencode(place), name)
    for _ in range(3):
        with open(path, "wb"):
            pass
        assert trash(home, place, name).status == 0
    assert len(set(names(home))) == 3
    with open_all(os.fsencode(home)) as trashes:
        entries = listed(trashes)
        assert [entry.path for entry in entries] == [path] * 3
        restore(entries[-1])
    assert os.path.lexists(path)


def test_a_deep_tree(home: str, place: str) -> None:
    depth = 1500
    at = os.open(place, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d" * 10, dir_fd=at)
        inner = os.open("d" * 10, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)
    assert trash(home, place, "-r", "d" * 10) == Outcome(0, b"", b"", ())
    with any_depth(), open_all(os.fsencode(home)) as trashes:
        assert len(listed(trashes)) == 1
        for directory in trashes:
            directory.expunge(directory.entries())
            directory.clear()


def test_a_script_can_make_it_anew(home: str, place: str) -> None:
    for _ in range(3):
        os.mkdir(os.path.join(place, "build"))
        assert trash(home, place, "-rf", "build").status == 0
    assert names(home) == [b"build", b"build.2", b"build.3"]


@pytest.mark.needs("root")
@pytest.mark.parametrize("place", [ELSEWHERE], indirect=True)
def test_what_a_copy_cannot_keep_stays(home: str, place: str) -> None:
    os.mkdir(os.path.join(place, "d"))
    os.mknod(os.path.join(place, "d", "null"), 0o020666, os.makedev(1, 3))
    done = trash(home, place, "-rv", "d")
    assert (done.status, done.out) == (1, b"")
    assert done.err == b"rm: cannot remove 'd': a device node can't be moved to another file system\n"
    assert os.path.lexists(os.path.join(place, "d", "null"))
    assert names(home) == []
    assert os.listdir(os.path.join(home, "trash", "staging")) == []


@pytest.mark.parametrize("place", ["/tmp"], indirect=True)
def test_the_trash_itself_is_refused(home: str, place: str) -> None:
    for inner in (home, os.path.join(home, "trash")):
        with open(os.path.join(place, "f"), "wb"):
            pass
        assert trash(home, place, "f").status == 0
        done = trash(home, place, "-rf", inner)
        assert done.status == 1
        assert b"the trash" in done.err
        assert names(home)[:1] == [b"f"]
    done = trash(home, place, os.path.join(home, "trash", "files", "f"))
    assert done.err.endswith(b": it is the trash's own; see `safeshell trash empty`\n")
    assert names(home)[:1] == [b"f"]


def test_a_removal_in_part_leaves_the_rest(home: str, place: str) -> None:
    os.makedirs(os.path.join(place, "d", "e"))
    for name in ("d/a", "d/e/b", "d/e/c"):
        with open(os.path.join(place, name), "wb"):
            pass
    answers = b"y\n" * 3 + b"n\n" * 5
    done = run_ours(place, home, [b"-ri", b"d"], Caller(answers))
    assert done.status == 0
    left = {path for path, _, _ in done.left}
    restore_all(home)
    assert {path for path, _, _ in run_ours(place, home, [b"-f"]).left} == {b"d", b"d/a", b"d/e", b"d/e/b", b"d/e/c"}
    assert left < {b"d", b"d/a", b"d/e", b"d/e/b", b"d/e/c"}
