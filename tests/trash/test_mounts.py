"""Several file systems: where a thing goes, and what rm does at a mount point."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
import traceback
from collections.abc import Callable

import pytest
from harness import reap
from trash.bins import DISK, names, restore_all, trash
from trash.twins import Caller, run_ours, run_rm, two

CLONE_NEWNS = 0x20000
NOBODY = 65534
FS_IOC_GETFLAGS = 0x80086601
FS_IOC_SETFLAGS = 0x40086602


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def apart(scenario: Callable[[], None]) -> None:
    """Plays a scenario in a mount namespace of its own, so that what it mounts is gone with it."""
    pid = os.fork()
    if pid == 0:
        try:
            if ctypes.CDLL(None).unshare(CLONE_NEWNS):
                os._exit(77)
            mount("--make-rprivate", "/")
        except BaseException:  # noqa: BLE001 # not allowed here
            os._exit(77)
        try:
            scenario()
        except BaseException:  # noqa: BLE001 # the parent fails by the status
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = reap(pid)
    if status == 77:
        pytest.skip("needs to mount, in a namespace of its own")
    assert status == 0


def mounted(place: str) -> str:
    """A mount of its own: a directory bound to itself, which nothing can be renamed out of."""
    top = os.path.join(place, "top")
    os.mkdir(top)
    os.mkdir(os.path.join(top, "sub"))
    mount("--bind", top, top)
    return top


def write(path: str) -> int:
    with open(path, "wb") as stream:
        stream.write(b"content")
    return os.stat(path).st_ino


on_disk = pytest.mark.parametrize("place", [DISK], indirect=True)


@on_disk
def test_a_file_system_has_its_own_trash(home: str, place: str) -> None:
    def scenario() -> None:
        top = mounted(place)
        number = write(os.path.join(top, "sub", "f"))
        assert trash(home, os.path.join(top, "sub"), "f") == (0, b"", b"", ())
        root = os.path.join(top, f".Trash-{os.geteuid()}")
        assert os.stat(os.path.join(root, "files", "f")).st_ino == number
        with open(os.path.join(root, "info", "f.trashinfo"), encoding="ascii") as stream:
            assert "Path=sub/f\n" in stream.readlines()
        with open(os.path.join(root, ".gitignore"), encoding="ascii") as stream:
            assert stream.read() == "*\n"
        assert os.stat(root).st_mode & 0o7777 == 0o700
        assert names(home) == [b"f"]
        assert names(home + "other") == []
        assert restore_all(home) == [os.fsencode(os.path.join(top, "sub", "f"))]
        assert os.stat(os.path.join(top, "sub", "f")).st_ino == number
        done = trash(home, top, "-rf", root)
        assert (done.status, b"the trash" in done.err) == (1, True)

    apart(scenario)


@on_disk
def test_an_administrators_trash_is_preferred(home: str, place: str) -> None:
    def scenario() -> None:
        top = mounted(place)
        os.mkdir(os.path.join(top, ".Trash"))
        os.chmod(os.path.join(top, ".Trash"), 0o1777)
        write(os.path.join(top, "f"))
        trash(home, top, "f")
        assert os.listdir(os.path.join(top, ".Trash", str(os.geteuid()), "files")) == ["f"]
        assert names(home) == [b"f"]

    apart(scenario)


@on_disk
@pytest.mark.parametrize("wrong", ["link", "other owner", "file"])
def test_a_trash_that_is_not_ours_is_not_used(home: str, place: str, wrong: str) -> None:
    def scenario() -> None:
        top = mounted(place)
        root = os.path.join(top, f".Trash-{os.geteuid()}")
        if wrong == "link":
            os.symlink(place, root)
        elif wrong == "file":
            write(root)
        else:
            os.mkdir(root)
            os.chown(root, NOBODY, NOBODY)
        write(os.path.join(top, "f"))
        assert trash(home, top, "f").status == 0
        assert os.listdir(os.path.join(home, "trash", "files")) == ["f"]

    apart(scenario)


@on_disk
def test_where_the_top_is_not_writable_it_is_copied_home(place: str) -> None:
    def scenario() -> None:
        top = mounted(place)
        os.chmod(place, 0o755)
        os.mkdir(os.path.join(top, "own"))
        write(os.path.join(top, "own", "f"))
        os.chown(os.path.join(top, "own"), NOBODY, NOBODY)
        os.chown(os.path.join(top, "own", "f"), NOBODY, NOBODY)
        home = os.path.join(place, "home")
        os.mkdir(home, 0o700)
        os.chown(home, NOBODY, NOBODY)
        done = run_ours(os.path.join(top, "own"), home, [b"f"], Caller(user=NOBODY))
        assert done == (0, b"", b"", ())
        assert os.listdir(os.path.join(home, "trash", "files")) == ["f"]
        assert sorted(os.listdir(top)) == ["own", "sub"]

    apart(scenario)


@on_disk
@pytest.mark.parametrize("kind", ["bind", "tmpfs", "read-only"])
@pytest.mark.parametrize("arguments", [[b"-rv"], [b"-rfv", b"--one-file-system"], [b"-r", b"--preserve-root=all"]])
def test_a_mount_point_stays_as_rm_leaves_it(place: str, kind: str, arguments: list[bytes]) -> None:
    def build(root: str) -> None:
        os.makedirs(os.path.join(root, "d", "m"))
        os.mkdir(os.path.join(root, "d", "e"))
        inner = os.path.join(root, "d", "m")
        if kind == "tmpfs":
            mount("-t", "tmpfs", "none", inner)
        else:
            mount("--bind", inner, inner)
        for path in ("d/a", "d/m/b", "d/m/c", "d/e/f"):
            write(os.path.join(root, path))
        if kind == "read-only":
            mount("-o", "remount,ro,bind", inner)

    def scenario() -> None:
        for operands in ([b"d"], [b"d/m"], [b"d/m/b", b"d/e"]):
            with two(build, above=place) as (one, other, home):  # what is mounted can't be removed in there
                ours, rms = run_ours(other, home, arguments + operands), run_rm(one, arguments + operands)
                assert ours[:3] == rms[:3]
                # The mounted file system has its own trash.
                assert tuple(entry for entry in ours.left if b"/.Trash-" not in entry[0]) == rms.left

    apart(scenario)


@pytest.mark.parametrize("attribute", [0x10, 0x20])
@pytest.mark.parametrize("where", ["d/e/f", "d/e", "d"])
def test_what_must_not_be_changed_stays_as_rm_leaves_it(attribute: int, where: str) -> None:
    def mark(path: str, flags: int) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            (others,) = struct.unpack("l", fcntl.ioctl(descriptor, FS_IOC_GETFLAGS, bytes(8)))
            fcntl.ioctl(descriptor, FS_IOC_SETFLAGS, struct.pack("l", (others & ~0x30) | flags))
        finally:
            os.close(descriptor)

    def build(root: str) -> None:
        os.makedirs(os.path.join(root, "d", "e"))
        for path in ("d/a", "d/e/f", "d/e/g"):
            write(os.path.join(root, path))
        mark(os.path.join(root, where), attribute)

    try:
        with two(build) as (one, other, home):
            try:
                assert run_ours(other, home, [b"-rfv", b"d"]) == run_rm(one, [b"-rfv", b"d"])
            finally:
                for root in (one, other):
                    mark(os.path.join(root, where), 0)
    except OSError:
        pytest.skip("needs to set attributes of files")
