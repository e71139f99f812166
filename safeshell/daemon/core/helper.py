"""Helper that asks the file system what may never be answered: `python -I -m safeshell.daemon.core.helper`.

Both ways go frames: a length of four bytes and a pickle, of a question that is called, and of what it returns or
raises. A NUL is written once a question is there, before it is called, and a byte of 1 before its answer. It ends when
its input does.
"""

from __future__ import annotations

import os
import pickle
from typing import Any


def _read(size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = os.read(0, size - len(found))
        if not piece:
            raise SystemExit(0)
        found += piece
    return found


def main() -> None:
    """Answers questions until there are no more."""
    while True:
        question = pickle.loads(_read(int.from_bytes(_read(4), "little")))  # noqa: S301 # the daemon wrote it
        os.write(1, b"\0")
        try:
            found: Any = question()
        except Exception as error:  # noqa: BLE001 # the daemon's to hear of
            found = error
        frame = pickle.dumps(found)
        answer = b"\1" + len(frame).to_bytes(4, "little") + frame
        while answer:
            answer = answer[os.write(1, answer) :]


if __name__ == "__main__":
    main()
