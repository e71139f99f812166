"""Branches of repositories with reftables, from git itself."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Mapping

from safeshell.host.git.files import FILES, make_room
from safeshell.host.git.model import Repository
from safeshell.host.git.paths import show

_GIT = (b"/usr/bin/git", b"/usr/local/bin/git", b"/bin/git")
"""Never along the caller's PATH, where shims are."""

_ENVIRONMENT = {
    b"PATH": b"/usr/bin:/bin",
    b"HOME": b"/nonexistent",
    b"LC_ALL": b"C",
    b"GIT_CONFIG_NOSYSTEM": b"1",
    b"GIT_CONFIG_GLOBAL": b"/dev/null",
    b"GIT_OPTIONAL_LOCKS": b"0",
}
_TIMEOUT = 2.0  # seconds; it takes 2 ms
_OUTPUT_MAX = 8192  # bytes

_Stamp = tuple[int, int, int]
_asked: dict[bytes, tuple[list[_Stamp], bytes | None]] = {}


def read_head(repository: Repository) -> bytes | None:
    """The full name of the branch that HEAD names, None where it is detached; kept while the lists of tables stay.

    Raises:
        OSError, ValueError: git isn't there, or can't tell.
    """
    if repository.prefix:
        raise ValueError(f"{show(repository.git_dir)}: reftables below another root directory")
    git_dir, common = repository.git_dir, repository.common_dir
    lists = [os.stat(base + b"/reftable/tables.list") for base in {git_dir: 0, common: 0}]
    stamps = [(status.st_ctime_ns, status.st_ino, status.st_dev) for status in lists]
    known = _asked.get(git_dir + b"\0" + common)
    if known is not None and known[0] == stamps:
        return known[1]
    git = next((path for path in _GIT if os.access(path, os.X_OK)), None)
    if git is None:
        raise ValueError("no git to read reftables with")
    environment = {**_ENVIRONMENT, b"GIT_DIR": git_dir}
    if common != git_dir:
        environment[b"GIT_COMMON_DIR"] = common
    status, output = _run([git, b"symbolic-ref", b"-q", b"HEAD"], environment)
    if status == 1 and not output:
        name = None  # detached
    elif status == 0 and output.startswith(b"refs/"):
        name = output.removesuffix(b"\n")
    else:
        raise ValueError(f"{show(git_dir)}: git can't read its reftables")
    if all(FILES.is_settled(each) for each in lists):
        make_room(_asked)
        _asked[git_dir + b"\0" + common] = (stamps, name)
    return name


def _run(argv: list[bytes], environment: Mapping[bytes, bytes]) -> tuple[int, bytes]:
    """Runs a program with nothing of ours but a pipe; its exit status (negative: a signal) and output."""
    deadline = time.monotonic() + _TIMEOUT
    reader, writer = os.pipe()
    try:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, b"/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, writer, 1),
            (os.POSIX_SPAWN_OPEN, 2, b"/dev/null", os.O_WRONLY, 0),
        ]
        defaults = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
        pid = os.posix_spawn(argv[0], argv, environment, file_actions=actions, setsigmask=[], setsigdef=defaults)
    except OSError:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    try:
        output = _read_until(reader, deadline)
    finally:
        os.close(reader)
        status = _end(pid, deadline)
    return status, output


def _read_until(reader: int, deadline: float) -> bytes:
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    output = b""
    while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        piece = os.read(reader, 4096)
        if not piece or len(output) > _OUTPUT_MAX:
            break
        output += piece
    return output


def _end(pid: int, deadline: float) -> int:
    """Waits for a child, ends it at the deadline."""
    descriptor = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
