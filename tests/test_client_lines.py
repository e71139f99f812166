"""What a plain allowed command goes through in the client can be read in one sitting."""

from __future__ import annotations

import pytest
from client_lines import ANSWERS, LINES_MAX, executed_lines
from needs import need

pytestmark = pytest.mark.needs("gcc")  # whose counters gcov reads


@pytest.mark.parametrize("placement", ANSWERS)
def test_the_plain_path_is_short(placement: str, monkeypatch: pytest.MonkeyPatch) -> None:
    need("gcov")
    monkeypatch.setenv("CC", "gcc")
    found = executed_lines(ANSWERS[placement])
    assert {"shims/connect.c", "shims/request.c", "shims/reply.c", "shims/answer.c"} <= found.keys()
    assert ("shims/execute.c" in found) == (placement == "run in place")
    assert sum(found.values()) < LINES_MAX, found
