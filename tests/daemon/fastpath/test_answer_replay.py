"""What an answer hangs on: where the native front finds it unchanged, Python would find the same."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

import pytest
from harness import temporary_directory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safeshell.daemon.core.loop import Loop
from safeshell.daemon.fastpath import binding
from safeshell.daemon.fastpath.binding import Fastpath
from safeshell.daemon.fastpath.reads import Reads, read_rules
from safeshell.daemon.observe.timings import Timings
from safeshell.home.repository_rules import find_rules
from safeshell.host.path_lookup import Programs
from safeshell.host.process.own import Own
from safeshell.install.native import native_client, native_front
from safeshell.metrics.stages import STAGES
from safeshell.policy.store.records import signature

LEVELS = ("", "a", "a/b", "a/b/c")
CGROUP = os.open("/proc/self/cgroup", os.O_RDONLY)
ELEMENTS = ("one", "two", "three")


@pytest.fixture(scope="module")
def front() -> Iterator[Fastpath]:
    """The library; it serves nobody."""
    path = native_front()
    assert path is not None, "nothing was compiled: these tests would show nothing"
    loop = Loop()
    yield Fastpath(path, loop.descriptors, Own.read(), (1024, 1024), CGROUP)
    loop.close()


@pytest.fixture
def root() -> Iterator[str]:
    with temporary_directory() as found:
        yield found


def remove(path: str) -> None:
    if os.path.islink(path) or os.path.isfile(path):
        os.unlink(path)
    else:
        shutil.rmtree(path, ignore_errors=True)


def put(path: str, text: str, mode: int = 0o644) -> None:
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chmod(path, mode)


def put_into(path: str, name: str, text: str) -> None:
    os.mkdir(path)
    put(os.path.join(path, name), text)


def link_into(path: str, name: str) -> None:
    os.mkdir(path)
    os.symlink("nowhere", os.path.join(path, name))


def replace(path: str) -> None:
    put(f"{path}.new", "abc")
    os.replace(f"{path}.new", path)


def dangle(path: str) -> None:
    os.unlink(path)
    os.symlink("nowhere", path)


Make = Callable[[str], object]

# Rules

SAFESHELL: dict[str, Make] = {
    "none": remove,
    "empty": os.mkdir,
    "rules": lambda path: put_into(path, "rules.yaml", "version: 1\n"),
    "dangling": lambda path: link_into(path, "rules.yaml"),
    "home": lambda path: os.symlink(os.path.join(os.environ["RECALL_ROOT"], "home"), path),
}
GIT: dict[str, Make] = {
    "none": remove,
    "directory": os.mkdir,
    "file": lambda path: put(path, "gitdir: elsewhere\n"),
    "dangling": lambda path: os.symlink("nowhere", path),
}


def build(path: str, kind: str, makers: dict[str, Make]) -> None:
    """Makes it of this kind, leaving it alone where it is so already."""
    note = f"{path}.kind"
    with contextlib.suppress(FileNotFoundError), open(note, encoding="utf-8") as stream:
        if stream.read() == kind:
            return
    remove(path)
    if kind != "none":
        makers[kind](path)
    put(note, kind)


def build_rules(root: str, safeshell: list[str], git: list[str]) -> None:
    for level, its_safeshell, its_git in zip(LEVELS, safeshell, git, strict=True):
        build(os.path.join(root, "tree", level, ".safeshell"), its_safeshell, SAFESHELL)
        build(os.path.join(root, "tree", level, ".git"), its_git, GIT)


kinds_of_rules = st.tuples(
    st.lists(st.sampled_from(sorted(SAFESHELL)), min_size=4, max_size=4),
    st.lists(st.sampled_from(sorted(GIT)), min_size=4, max_size=4),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(before=kinds_of_rules, after=kinds_of_rules, changes=st.integers(0, 255))
def test_rules_are_found_alike_where_the_reads_are(
    front: Fastpath, root: str, monkeypatch: pytest.MonkeyPatch, before: Any, after: Any, changes: int
) -> None:
    monkeypatch.setenv("RECALL_ROOT", root)
    home = os.path.join(root, "home")
    os.makedirs(os.path.join(root, "tree", LEVELS[-1]), exist_ok=True)
    os.makedirs(home, exist_ok=True)
    put(f"{home}/rules.yaml", "version: 1\n")
    directory = os.fsencode(os.path.realpath(os.path.join(root, "tree", LEVELS[-1])))
    build_rules(root, *before)
    reads = Reads()
    found = read_rules(reads, directory, os.fsencode(home))
    assert found == find_rules(directory, os.fsencode(home))
    assert front.is_unchanged(bytes(reads))
    # Some of it as it was, the rest as `after` has it.
    mixed = [
        [new if changes >> place + shift & 1 else old for place, (old, new) in enumerate(zip(*pair, strict=True))]
        for shift, pair in ((0, (before[0], after[0])), (4, (before[1], after[1])))
    ]
    build_rules(root, *mixed)
    if front.is_unchanged(bytes(reads)):
        # The file itself is watched besides: what it says, and that it is there.
        now = find_rules(directory, os.fsencode(home))
        assert now == found or any(signature(os.fsdecode(rules)) is None for rules in found)


# Programs

PROGRAM: dict[str, Make] = {
    "none": remove,
    "program": lambda path: put(path, "#!/bin/sh\n", 0o755),
    "other": lambda path: put(path, "#!/bin/sh\nexit 1\n", 0o755),
    "text": lambda path: put(path, "#!/bin/sh\n", 0o644),
    "directory": os.mkdir,
    "shim": lambda path: shutil.copy(native_client() or "", path),
    "dangling": lambda path: os.symlink("nowhere", path),
    "link": lambda path: os.symlink("/bin/sh", path),
}


def build_programs(root: str, kinds: list[str]) -> None:
    for element, kind in zip(ELEMENTS, kinds, strict=True):
        os.makedirs(os.path.join(root, element), exist_ok=True)
        build(os.path.join(root, element, "tool"), kind, PROGRAM)


kinds_of_programs = st.lists(st.sampled_from(sorted(PROGRAM)), min_size=3, max_size=3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(before=kinds_of_programs, after=kinds_of_programs, changes=st.integers(0, 7))
def test_a_program_is_found_alike_where_the_reads_are(
    front: Fastpath, root: str, before: list[str], after: list[str], changes: int
) -> None:
    programs = Programs()
    path = ":".join(os.path.join(root, element) for element in ELEMENTS).encode()
    build_programs(root, before)
    reads = Reads()
    found, _ = programs.find(b"tool", path, b"/", reads)
    assert reads.complete
    if found is None:
        return  # such an answer is never kept
    assert front.is_unchanged(bytes(reads))
    build_programs(
        root, [new if changes >> place & 1 else old for place, (old, new) in enumerate(zip(before, after, strict=True))]
    )
    if front.is_unchanged(bytes(reads)):
        assert programs.find(b"tool", path, b"/")[0] == found


@pytest.mark.parametrize("path", [b"relative:/bin", b":/bin"])
def test_what_is_not_named_from_the_root_is_not_kept(path: bytes) -> None:
    reads = Reads()
    Programs().find(b"sh", path, b"/", reads)
    assert not reads.complete


# Files

CHANGES: dict[str, Make] = {
    "removed": os.unlink,
    "longer": lambda path: put(path, "longer than it was"),
    "replaced": replace,
    "touched": lambda path: os.utime(path, ns=(1, 1)),
    "linked": dangle,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changed_is_noticed(front: Fastpath, root: str, change: str) -> None:
    path = os.path.join(root, "file")
    put(path, "abc")
    reads = Reads()
    reads.file(os.fsencode(path), signature(path))
    assert front.is_unchanged(bytes(reads))
    CHANGES[change](path)
    assert not front.is_unchanged(bytes(reads))


def test_a_file_that_comes_is_noticed(front: Fastpath, root: str) -> None:
    path = os.path.join(root, "file")
    reads = Reads()
    reads.file(os.fsencode(path), signature(path))
    reads.has_entry(os.fsencode(path), there=False)
    assert front.is_unchanged(bytes(reads))
    os.symlink("nowhere", path)  # an entry now, and still nothing can be reached by it
    assert not front.is_unchanged(bytes(reads))
    reads = Reads()
    reads.file(os.fsencode(path), signature(path))
    reads.has_entry(os.fsencode(path), there=True)
    assert front.is_unchanged(bytes(reads))
    put(path + ".aside", "")
    os.replace(path + ".aside", path)
    assert not front.is_unchanged(bytes(reads))


def test_reads_of_a_kind_that_is_not_known_never_hold(front: Fastpath) -> None:
    assert not front.is_unchanged(b"?/bin/sh\0")
    assert front.is_unchanged(b"")


# Durations


@given(st.lists(st.lists(st.integers(0, 1 << 50), min_size=1, max_size=7), max_size=5))
def test_the_front_counts_durations_as_python_does(front: Fastpath, turns: list[list[int]]) -> None:
    both = [Timings(), Timings()]
    both[1].native = front.count
    for timings in both:
        for durations in turns:
            stages = timings.stages(*list(STAGES)[: len(durations)])
            ends = tuple(accumulate(durations, initial=1000))[1:]
            timings.add((stages, 1000, ends, "allow", "in_place", sum(durations)))
    found = [{name: histogram.counts() for name, histogram in timings.histograms().items()} for timings in both]
    assert found[0] == found[1]


# The library


def test_a_library_of_another_source_is_refused(root: str) -> None:
    loop, path = Loop(), os.path.join(root, "front.so")
    with open(native_front() or "", "rb") as stream:
        library = stream.read()
    ours = binding._checksum().to_bytes(4, sys.byteorder)
    assert ours in library
    with open(path, "wb") as stream:
        stream.write(library.replace(ours, bytes(byte ^ 1 for byte in ours)))
    try:
        with pytest.raises(OSError, match="compiled from another source"):
            Fastpath(path, loop.descriptors, Own.read(), (1024, 1024), CGROUP)
    finally:
        loop.close()
