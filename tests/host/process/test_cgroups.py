"""What a cgroup's files say, on trees of plain files that a mountinfo names: the code reads them as it reads /sys."""

from __future__ import annotations

from pathlib import Path

import pytest

from safeshell.host.process import cgroups
from safeshell.host.process.cgroups import Cgroups


def tree(top: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text + "\n" if text else "")


def unified(top: Path, files: dict[str, str], root: str = "/") -> Cgroups:
    tree(top, {"d/pids.max": "max", "c/pids.max": "max", **files})
    escaped = str(top).replace(" ", r"\040")
    return Cgroups(b"0::/d\n", f"35 24 0:30 {root} {escaped} rw - cgroup2 cgroup2 rw\n".encode())


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, ""),
        ({"c/memory.max": "max", "c/cpu.max": "max 100000", "c/io.max": "", "c/cpuset.cpus": ""}, ""),
        ({"c/memory.max": "1048576"}, "cgroup limit memory.max"),
        ({"c/memory.high": "0"}, "cgroup limit memory.high"),
        ({"c/memory.swap.max": "0"}, "cgroup limit memory.swap.max"),
        ({"c/pids.max": "100"}, "cgroup limit pids.max"),
        ({"c/pids.max": "100", "d/pids.max": "100"}, ""),
        ({"c/pids.max": "100", "d/pids.max": "101"}, "cgroup limit pids.max"),
        ({"c/pids.max": "100", "pids.max": "50"}, ""),
        ({"c/cpu.max": "50000 100000"}, "cgroup limit cpu.max"),
        ({"c/cpu.max": "50000 100000", "d/cpu.max": "10000 20000"}, ""),
        ({"c/cpuset.cpus": "0"}, "cgroup limit cpuset.cpus"),
        ({"c/io.max": "8:16 rbps=2097152 wbps=max riops=max wiops=max"}, "cgroup limit io.max"),
        ({"c/misc.max": "res_a max"}, ""),
        ({"c/misc.max": "res_a 4"}, "cgroup limit misc.max"),
        ({"c/hugetlb.2MB.max": "0"}, "cgroup limit hugetlb.2MB.max"),
        ({"c/memory.current": "5", "c/memory.events": "max 7", "c/cgroup.max.depth": "3", "c/cpu.weight": "1"}, ""),
        ({"c/memory.max": "rubbish"}, "cgroup limits that can't be read"),
    ],
)
def test_a_limit_counts_that_the_daemon_lacks(tmp_path: Path, files: dict[str, str], found: str) -> None:
    assert unified(tmp_path / "a b", files).limit(b"0::/c\n") == found


def test_a_limit_higher_on_the_callers_path_counts(tmp_path: Path) -> None:
    cgroups = unified(tmp_path, {"c/pids.max": "9", "c/e/f/pids.max": "max", "d/g/pids.max": "max"})
    assert cgroups.limit(b"0::/c/e/f\n") == "cgroup limit pids.max"
    assert cgroups.limit(b"0::/d/g\n") == ""
    assert cgroups.limit(b"0::/\n") == ""


@pytest.mark.parametrize("text", [b"0::/gone (deleted)\n", b"0::/../c\n", b"", b"0::/c\n4:memory:/c\n", b"rubbish\n"])
def test_a_cgroup_that_cannot_be_read_counts(tmp_path: Path, text: bytes) -> None:
    assert unified(tmp_path, {}).limit(text) == "cgroup limits that can't be read"


def test_a_cgroup_outside_of_what_is_mounted_counts(tmp_path: Path) -> None:
    tree(tmp_path, {"pids.max": "max", "c/pids.max": "max"})
    mount = f"35 24 0:30 /d {tmp_path} rw - cgroup2 cgroup2 rw\n".encode()
    cgroups = Cgroups(b"0::/d\n", mount)
    assert cgroups.limit(b"0::/d/c\n") == ""
    assert cgroups.limit(b"0::/dc\n") == "cgroup limits that can't be read"


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("memory.limit_in_bytes", "9223372036854771712", ""),
        ("memory.limit_in_bytes", "1048576", "cgroup limit memory.limit_in_bytes"),
        ("memory.max_usage_in_bytes", "1048576", ""),
        ("cpu.cfs_quota_us", "-1", ""),
        ("cpu.cfs_quota_us", "50000", "cgroup limit cpu.cfs_quota_us"),
        ("cpuset.cpus", "0-1", ""),
        ("cpuset.cpus", "0", "cgroup limit cpuset.cpus"),
        ("devices.list", "a *:* rwm", ""),
        ("devices.list", "c 1:3 rwm", "cgroup limit devices.list"),
        ("blkio.throttle.read_bps_device", "8:0 1", "cgroup limit blkio.throttle.read_bps_device"),
    ],
)
def test_limits_of_the_old_hierarchies(tmp_path: Path, name: str, text: str, found: str) -> None:
    tree(tmp_path, {"c/cpu.cfs_period_us": "100000", f"c/{name}": text, "cpuset.cpus": "0-1", "s/x": ""})
    mount = f"33 31 0:31 / {tmp_path} rw - cgroup cgroup rw,cpu,cpuset,memory\n".encode()
    cgroups = Cgroups(b"2:memory,cpu:/\n1:name=systemd:/\n", mount)
    assert cgroups.limit(b"2:memory,cpu:/c\n1:name=systemd:/elsewhere\n") == found


def test_answers_are_kept_for_a_while_and_not_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(cgroups, "monotonic", lambda: now)
    known = unified(tmp_path, {})
    assert known.limit(b"0::/c\n") == ""
    (tmp_path / "c/pids.max").write_text("5\n")
    assert known.limit(b"0::/c\n") == ""
    now = cgroups.KEPT_FOR + 1
    assert known.limit(b"0::/c\n") == "cgroup limit pids.max"
    for number in range(2 * cgroups.KEPT):
        known.limit(b"0::/%d\n" % number)
    assert len(known._known) <= cgroups.KEPT
