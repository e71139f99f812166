"""Time for lines whose decision is tested: a busy machine's first line, each automaton cold, may take all of it."""

from __future__ import annotations

import pytest

from safeshell.shell.limits import Deadline

PATIENT_S = 5.0


@pytest.fixture(autouse=True)
def patient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a line may take, but where that limit is what is tested."""
    if request.path.name != "test_limits.py":
        monkeypatch.setattr(Deadline.__init__, "__defaults__", (PATIENT_S,))
