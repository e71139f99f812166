"""A SafeShell home and a directory to delete things in, on the home's file system or on another."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest
from trash.bins import DISK, ELSEWHERE, on_disk


@pytest.fixture
def home() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ss", dir="/tmp") as top:
        yield os.path.join(top, "h")


@pytest.fixture(params=["/tmp", ELSEWHERE], ids=["renamed", "copied"])
def place(request: pytest.FixtureRequest, home: str) -> Iterator[str]:
    if request.param == ELSEWHERE and os.stat(ELSEWHERE).st_dev == os.stat(os.path.dirname(home)).st_dev:
        pytest.skip(f"{ELSEWHERE} is no file system of its own")
    above = on_disk() if request.param == DISK else request.param
    if above is None:
        pytest.skip("needs /tmp or /var/tmp to be on a disk")
    with tempfile.TemporaryDirectory(prefix="ss", dir=above) as directory:
        yield directory
