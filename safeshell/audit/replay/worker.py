"""Worker of a replay: takes parts of a log on stdin, answers with a tally for each on stdout."""

from __future__ import annotations

import contextlib
import pickle
import signal
import sys

from safeshell.audit.replay.run import Grounds, LogPart, Replayer


def main() -> None:
    """Works until the parts are done, or nobody reads any more."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ^C reaches it too; whoever started it says so
    grounds: Grounds
    share: list[LogPart]
    grounds, share = pickle.load(sys.stdin.buffer)  # noqa: S301 # written by our own process
    replayer = Replayer(grounds)
    with contextlib.suppress(BrokenPipeError):
        for part in share:
            pickle.dump(replayer.part(part), sys.stdout.buffer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
