"""Bug report of every program of ours: the traceback goes to a file, one line on stderr says where."""

from __future__ import annotations

import sys

from safeshell import __version__

BUG = 70
"""EX_SOFTWARE of sysexits.h: the exit status after a bug."""


def report_bug() -> None:
    """Keeps the traceback of the exception that is being handled."""
    import tempfile  # noqa: PLC0415 # together they take as long as a command does
    import traceback  # noqa: PLC0415 # as above

    with tempfile.NamedTemporaryFile("w", prefix="safeshell-bug-", suffix=".log", delete=False) as stream:
        stream.write(f"safeshell {__version__}, Python {sys.version}, {sys.argv!r}\n")
        traceback.print_exc(file=stream)
    print(f"safeshell: this is a bug; the traceback is in {stream.name}", file=sys.stderr)  # noqa: T201 # click is slow
