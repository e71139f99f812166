"""The directory that agents are led through their session in."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from agents.lines import lay_out, session
from harness import temporary_directory


@pytest.fixture
def root() -> Iterator[str]:
    """It, with what the session's lines are about below `work`."""
    with temporary_directory() as made:
        lay_out(os.path.join(made, "work"), session())
        yield made
