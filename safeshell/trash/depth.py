"""Depth of trees: what walks them calls itself, and has a descriptor open on each level."""

from __future__ import annotations

import contextlib
import resource
import sys
from collections.abc import Iterator

_CALLS = 1_000_000
"""More than any tree is deep. Since Python 3.11 calls from Python to Python take no C stack."""


@contextlib.contextmanager
def any_depth() -> Iterator[None]:
    """Lifts Python's limit of calls, and that of descriptors as far as it may be lifted, for as long as the block."""
    calls = sys.getrecursionlimit()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    sys.setrecursionlimit(max(calls, _CALLS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        sys.setrecursionlimit(calls)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
