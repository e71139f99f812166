"""A small soak; `make soak` runs the whole."""

from __future__ import annotations

import pytest
from soak import ROUNDS, soak


def test_nothing_is_lost_and_nothing_kept() -> None:
    run = soak(1200)
    assert run.done == 1200
    assert len(set(run.daemons)) == ROUNDS // 2 + 1


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_of_many() -> None:
    soak(30_000)
