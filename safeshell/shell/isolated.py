"""Isolated judging, in a process of its own: the parser is C fed with what agents write; it may crash, or not end."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from safeshell.errors import SafeShellError
from safeshell.shell.caller import LineCaller
from safeshell.shell.judge import LineJudgement
from safeshell.shell.limits import CRASHED, LIMIT_S, too_slow, unjudged


def judge_apart(
    subject: str,
    judge: Callable[[], LineJudgement],
    *,
    is_ai: bool,
    tables: tuple[str, ...],
    limit_s: float = LIMIT_S,
    explained_to: LineCaller | None = None,
) -> dict[str, Any]:
    """Judges in a child process.

    Args:
        subject: the line, for a decision about one that could not be judged.
        judge: what judges it.
        is_ai: whether an agent asks.
        tables: the digests of the tables in force.
        limit_s: what it may take, by the clock, seconds.
        explained_to: whose line it is, where each command is to be explained too.

    Returns:
        The object that `check -c --json` prints.

    Raises:
        SafeShellError: no child can be started.
    """
    status, data = _in_child(lambda: judge().to_json(explained_to), limit_s)
    if status != 0 or not data:
        reason = too_slow(limit_s) if status == -signal.SIGALRM else CRASHED
        return unjudged(subject, reason, is_ai=is_ai, tables=tables)
    answer: dict[str, Any] = json.loads(data)
    if "bug" in answer:
        raise RuntimeError(answer["bug"])
    return answer


def _in_child(judge: Callable[[], dict[str, Any]], limit_s: float) -> tuple[int, bytes]:
    """How the child ended (a status, or minus a signal), and what it wrote."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        pid = os.fork()
    except OSError as error:
        os.close(reader)
        os.close(writer)
        raise SafeShellError(f"the line parser can't be started: {error.strerror}") from error
    if pid == 0:
        _answer(judge, writer, limit_s)
    os.close(writer)
    try:
        with os.fdopen(reader, "rb") as stream:
            data = stream.read()
    finally:
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, data


def _answer(judge: Callable[[], dict[str, Any]], writer: int, limit_s: float) -> NoReturn:
    """Judges and writes the answer. The alarm ends this process wherever it is, even if nobody waits any more."""
    status = 1
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        try:
            answer = judge()
        except Exception:  # noqa: BLE001 # whatever it is, it is the parent's to report
            answer = {"bug": traceback.format_exc()}
        with os.fdopen(writer, "wb") as stream:
            stream.write(json.dumps(answer).encode())
        status = 0
    finally:
        os._exit(status)
