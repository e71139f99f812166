"""How many examples a property is tried on: few each time, THOROUGH (in the environment) times as many at night."""

from __future__ import annotations

import os

from hypothesis import settings

THOROUGH = int(os.environ.get("THOROUGH", "1"))
"""`make test-slow` sets it."""


def examples(number: int) -> settings:
    """Settings for this many examples, however long each takes."""
    return settings(max_examples=number * THOROUGH, deadline=None)
