"""Data of ssh; its options are in its row among the wrappers."""

from __future__ import annotations

from safeshell.command.programs.record import COMMAND, ELSEWHERE, SPLIT, TEXT, Record

PROGRAM: Record = {
    "runs": {
        "-o proxycommand": TEXT,
        "-o localcommand": TEXT,
        "-o knownhostscommand": SPLIT,
        "-o remotecommand": TEXT + ELSEWHERE,
        "SSH_ASKPASS=": COMMAND,
    }
}
