"""Child processes that work on table files, and may die of them."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable

from safeshell.errors import SafeShellError, TableError
from safeshell.policy.store.file_checks import COMPILE, DamagedError

CHILD_S = 60
"""Seconds that a child may take for what takes milliseconds."""


class ReaderChild:
    """A forked child that works on a table file, while this process may do something else."""

    __slots__ = ("_path", "_pid", "_reader")

    def __init__(self, work: Callable[[], bytes], path: str) -> None:
        reader, writer = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(reader)
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(CHILD_S)  # pages that point in a circle
                with os.fdopen(writer, "wb") as stream:
                    stream.write(_answer(work, path))
                status = 0
            finally:
                os._exit(status)
        os.close(writer)
        self._path, self._pid, self._reader = path, pid, reader

    def answer(self) -> bytes:
        """The bytes that its work returned, once it has ended.

        Raises:
            DamagedError: the child was killed by the file, or says that it is damaged.
            TableError: the child says what else is wrong.
        """
        with os.fdopen(self._reader, "rb") as stream:
            answer = stream.read()
        status = os.waitpid(self._pid, 0)[1]
        if status or not answer:
            name = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"status {status >> 8}"
            raise DamagedError(f"{self._path} is damaged: its reader ended by {name}", hint=COMPILE)
        if answer[:1] == b"-":
            message, hint, damaged = json.loads(answer[1:])
            raise (DamagedError if damaged else TableError)(message, hint=hint)
        return answer[1:]


def in_child(work: Callable[[], bytes], path: str) -> bytes:
    """Runs `work` in a forked child and returns its bytes; raises what `ReaderChild.answer` does."""
    return ReaderChild(work, path).answer()


def _answer(work: Callable[[], bytes], path: str) -> bytes:
    try:
        return b"+" + work()
    except SafeShellError as error:
        failure = (error.message, error.hint, isinstance(error, DamagedError))
    except BaseException as error:  # noqa: BLE001 # whatever it is, the parent says it
        # LMDB calls a write that a full disk cut short an input/output error.
        hint = "is the disk full?" if "Input/output error" in str(error) else ""
        failure = (f"can't use {path}: {error}", hint, False)
    return b"-" + json.dumps(failure).encode()
