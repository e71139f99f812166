"""Which paths lie on mounts that may not answer, by the kernel's list and the links that are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safeshell.errors import DistantError
from safeshell.host import distant_mounts as host_mounts
from safeshell.host.distant_mounts import Mounts
from safeshell.host.git.guarded import sparing
from safeshell.host.git.repository import discover

LINE = "36 35 98:0 /mnt1 {} rw,noatime master:1 - {} /dev/root rw,errors=continue\n"


def _mounts(**kinds: str) -> Mounts:
    return Mounts("".join(LINE.format(f"/{point}", kind) for point, kind in kinds.items()).encode())


@pytest.mark.parametrize(
    "kind", ["fuse", "fuse.sshfs", "fuseblk", "nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "autofs"]
)
def test_s15_a_mount_of_another_process_or_machine_may_not_answer(kind: str) -> None:
    found = _mounts(far=kind, near="ext4")
    assert found.points == (b"/far",)
    assert found.over(b"/far") == found.over(b"/far/x/y") == b"/far"
    for path in (b"/", b"/fa", b"/far2", b"/near/far"):
        assert found.over(path) is None


@pytest.mark.parametrize("kind", ["ext4", "tmpfs", "overlay", "fusectl", "proc", "cgroup2", "fuselage"])
def test_s15_one_of_the_kernels_own_answers(kind: str) -> None:
    assert _mounts(near=kind).points == ()


def test_s15_what_is_mounted_below_counts_and_a_root_does_not() -> None:
    found = Mounts((LINE.format("/", "9p") + LINE.format("/a\\040b\\134", "nfs")).encode())
    assert found.points == (b"/a b\\",)
    assert found.over(b"/a b\\/c") == b"/a b\\"
    assert found.over(b"/x") is None


def test_s15_links_are_followed_up_to_the_mount_and_no_further(tmp_path: Path) -> None:
    (tmp_path / "near").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far")
    (tmp_path / "near" / "deep").symlink_to("../link/x")
    found = Mounts(LINE.format(tmp_path / "far", "nfs").encode())
    here = os.fsencode(tmp_path)
    for path in (b"/far", b"/far/x", b"/link", b"/near/deep/y", b"/near/../link"):
        with pytest.raises(DistantError) as error:
            found.check(here + path)
        assert error.value.point == here + b"/far"
    for path in (b"/near", b"/missing/x", b"/near/x/.."):
        assert not found.leads_there(here + path)


def test_s15_git_looks_at_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").symlink_to(tmp_path / "far")
    here = os.fsencode(tmp_path)
    with sparing(Mounts(LINE.format(tmp_path / "far", "nfs").encode())):
        assert discover(here) is None
        for directory in (b"/far", b"/tree"):
            with pytest.raises(DistantError):
                discover(here + directory)
    assert discover(here + b"/far") is None


def test_s15_a_process_that_is_gone_has_no_mounts() -> None:
    assert host_mounts.read("/nonexistent").points == ()
