"""Bug log: tracebacks of what the daemon survived, in the home's `daemon.log`."""

from __future__ import annotations

import contextlib
import os

from safeshell.home.paths import Home


def log_bug(home: Home, error: BaseException) -> str:
    """Keeps a traceback; returns the file that it is in."""
    import traceback  # noqa: PLC0415 # only when something is wrong

    path = os.path.join(home.root, "daemon.log")
    with contextlib.suppress(OSError), open(path, "a", encoding="utf-8") as stream:
        stream.write("".join(traceback.format_exception(error)))
    return path
