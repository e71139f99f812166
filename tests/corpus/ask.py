"""Runs `safeshell` for many lists of arguments, one after the other: `python ask.py <LISTS >ANSWERS`, both as JSON.

Each is a call of its own, as `tests/conftest.py`'s `cli` makes it; but it forks, and of a small process that is fast.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from functools import partial
from unittest import mock

from safeshell.cli import checkline
from safeshell.cli.main import main
from safeshell.shell.isolated import judge_apart

LIMIT_S = 60.0
"""What a line may take: this is about what is decided, not about a machine that stands still for a second."""


def call(argv: list[str]) -> tuple[int, str, str]:
    """The exit status and what was printed."""
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["safeshell", *argv]
    status: object = None
    patient = mock.patch.object(checkline, "judge_apart", partial(judge_apart, limit_s=LIMIT_S))
    with patient, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            status = ended.code
    assert isinstance(status, int)
    return status, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    json.dump([call(argv) for argv in json.load(sys.stdin)], sys.stdout)
