from __future__ import annotations

import re
from pathlib import Path

import pytest

from safeshell.host.process.status import Status


def with_ignored(mask: int) -> bytes:
    return re.sub(rb"SigIgn:\t\w+", b"SigIgn:\t%016x" % mask, Path("/proc/self/status").read_bytes())


@pytest.mark.parametrize("mask", [0, 1 << 31, 1 << 32, 0b11 << 31])
def test_what_libc_ignores_for_itself_is_nothing(mask: int) -> None:
    """glibc's posix_spawn (make, the daemon itself) leaves 32 and 33 ignored; threads take one of them back."""
    assert Status.parse(with_ignored(0)).compare(with_ignored(mask))[:2] == ("", "")


@pytest.mark.parametrize("mask", [1 << 0, 1 << 12, 1 << 33, 1 << 31 | 1 << 1])
def test_what_a_caller_ignores_is_told(mask: int) -> None:
    assert Status.parse(with_ignored(0)).compare(with_ignored(mask))[:2] == ("", "ignored signals")
