"""What a cgroup's files say, on trees of plain files that a mountinfo names: the code reads them as it reads /sys."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from safeshell.host.process import cgroups
from safeshell.host.process.cgroups import Cgroups


def tree(top: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text + "\n" if text else "")


class Beside(NamedTuple):
    """Cgroups, and which of them the daemon is in."""

    cgroups: Cgroups
    own: bytes

    def limit(self, text: bytes) -> str:
        return self.cgroups.compare(text, self.own)[0]

    def lacks(self, text: bytes) -> str:
        """What limits the daemon alone."""
        return self.cgroups.compare(text, self.own)[1]


def unified(top: Path, files: dict[str, str], root: str = "/") -> Beside:
    tree(top, {"d/pids.max": "max", "c/pids.max": "max", **files})
    escaped = str(top).replace(" ", r"\040")
    return Beside(Cgroups(f"35 24 0:30 {root} {escaped} rw - cgroup2 cgroup2 rw\n".encode()), b"0::/d\n")


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
    cgroups = Beside(Cgroups(mount), b"0::/d\n")
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
    cgroups = Beside(Cgroups(mount), b"2:memory,cpu:/\n1:name=systemd:/\n")
    assert cgroups.limit(b"2:memory,cpu:/c\n1:name=systemd:/elsewhere\n") == found


def test_s11_only_that_there_is_a_limit_is_kept_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(cgroups, "monotonic", lambda: now)
    known = unified(tmp_path, {})
    assert known.limit(b"0::/c\n") == ""
    (tmp_path / "c/pids.max").write_text("5\n")
    assert known.limit(b"0::/c\n") == "cgroup limit pids.max"
    (tmp_path / "c/pids.max").write_text("max\n")
    assert known.limit(b"0::/c\n") == "cgroup limit pids.max"
    now = cgroups.KEPT_FOR + 1
    assert known.limit(b"0::/c\n") == ""
    for number in range(2 * cgroups.KEPT):
        known.limit(b"0::/%d\n" % number)
    assert len(known.cgroups._known) <= cgroups.KEPT


def test_s11_a_daemon_that_was_moved_is_compared_where_it_is(tmp_path: Path) -> None:
    found = unified(tmp_path, {"c/pids.max": "5", "d/pids.max": "max"})
    assert found.limit(b"0::/c\n") == "cgroup limit pids.max"
    assert found._replace(own=b"0::/c\n").limit(b"0::/c\n") == ""
    assert found._replace(own=b"0::/c\n").limit(b"0::/d\n") == ""


@pytest.mark.parametrize(
    ("theirs", "own", "found"),
    [
        ({"new.max_things": "5"}, {}, "cgroup limit new.max_things"),
        ({"new.max_things": "5"}, {"new.max_things": "5"}, ""),
        ({"new.max_things": "5"}, {"new.max_things": "6"}, "cgroup limit new.max_things"),
        ({"memory.stat": "a 5", "pids.events": "max 0", "cpu.pressure": "some", "cgroup.freeze": "0"}, {}, ""),
        ({"cpu.weight": "1", "memory.low": "5", "io.weight": "default 1", "cpuset.cpus.partition": "member"}, {}, ""),
    ],
)
def test_s11_what_can_be_set_and_is_not_known_counts(
    tmp_path: Path, theirs: dict[str, str], own: dict[str, str], found: str
) -> None:
    files = {
        **{f"c/{name}": text for name, text in theirs.items()},
        **{f"d/{name}": text for name, text in own.items()},
    }
    assert unified(tmp_path, files).limit(b"0::/c\n") == found


def test_s11_what_cannot_be_set_does_not_count(tmp_path: Path) -> None:
    known = unified(tmp_path, {"c/new.figure": "5", "c/new.trigger": ""})
    (tmp_path / "c/new.figure").chmod(0o444)
    (tmp_path / "c/new.trigger").chmod(0o200)
    assert known.limit(b"0::/c\n") == ""


@pytest.mark.parametrize("controller", ["freezer", "net_cls", "net_cls,net_prio", "perf_event", "unheard_of"])
def test_s11_being_in_a_group_that_has_no_limits_counts(controller: str) -> None:
    found = Beside(Cgroups(b""), b"2:%s:/\n" % controller.encode())
    assert found.limit(b"2:%s:/box\n" % controller.encode()) == f"another cgroup of {controller}"
    assert found.limit(b"2:%s:/\n" % controller.encode()) == ""


def test_s14_a_limit_that_only_the_daemon_has_is_told_apart(tmp_path: Path) -> None:
    known = unified(tmp_path, {"d/pids.max": "12", "e/pids.max": "12"})
    assert (known.limit(b"0::/c\n"), known.lacks(b"0::/c\n")) == ("", "the daemon's cgroup limit pids.max")
    assert (known.limit(b"0::/e\n"), known.lacks(b"0::/e\n")) == ("", "")
    assert known.lacks(b"0::/\n") == "the daemon's cgroup limit pids.max"
