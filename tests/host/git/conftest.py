"""Repositories for a module's tests, and for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from host.git.repositories import (
    make,
)
from host.git.zoo import build

from safeshell.host.git import change_times


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("zoo").resolve()
    build(top)
    return top


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make(tmp_path.resolve() / "repository")


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is kept at once, however young."""
    monkeypatch.setattr(change_times, "_SETTLED_NS", -(10**18))
    monkeypatch.setattr(change_times, "_keeps_time", lambda _device: True)
