"""Compilers for tests' daemons: forks of a process that has imported the compiler, which is most of what one takes.

A daemon starts `python -I -m safeshell_compiler` for each edit of its rules. Few tests are about that: a daemon made by
`harness.Daemon` asks the process that is here, which forks a compiler with the same arguments, variables, descriptors
and directory. A daemon in namespaces of its own, or another user's, starts a real one, as do those of `tests/e2e`.
"""

from __future__ import annotations

import contextlib
import fcntl
import inspect
import json
import os
import secrets
import select
import socket
import struct
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from safeshell_compiler import __main__ as compiler
from safeshell_compiler.pipeline import compile_rules

_OPTION = "--compilers="


def world() -> list[object]:
    """What a process sees the machine through."""
    root = os.stat("/")
    return [root.st_dev, root.st_ino, *[os.readlink(f"/proc/self/ns/{name}") for name in ("mnt", "user", "pid")]]


_REQUEST_MAX = 1 << 16

PROGRAM = f"""
import json, os, socket, sys
from safeshell.daemon.sources import policy_source

class Forked:
    def __init__(self, address):
        self._address, self._pidfds = address, {{}}

    def __getattr__(self, name):
        return getattr(os, name)

    def pidfd_open(self, pid):
        return self._pidfds.pop(pid) if pid in self._pidfds else os.pidfd_open(pid)

    def posix_spawn(self, path, argv, env, *, file_actions):
        targets = [2, *[target for _, _, target in file_actions]]
        request = {{"argv": argv[4:], "env": env, "targets": targets, "cwd": os.getcwd(), "world": world()}}
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
                server.connect(self._address)
                descriptors = [2, *[descriptor for _, descriptor, _ in file_actions]]
                socket.send_fds(server, [json.dumps(request).encode()], descriptors)
                pid, pidfds, _, _ = socket.recv_fds(server, 32, 1, socket.MSG_CMSG_CLOEXEC)
        except OSError:
            pidfds = []
        if not pidfds:
            return os.posix_spawn(path, argv, env, file_actions=file_actions)
        self._pidfds[int(pid)] = pidfds[0]
        return int(pid)

{inspect.getsource(world)}
for word in sys.argv:
    if word.startswith({_OPTION!r}):
        policy_source.os = Forked(chr(0) + word[{len(_OPTION)}:])
"""
"""What a daemon executes before its own program."""


class Server:
    """The process that forks compilers, for as long as this one lives."""

    def __init__(self) -> None:
        """Starts it."""
        self._running = tempfile.TemporaryFile()  # noqa: SIM115 # the process's: each compiler has a lock on it
        self._name = f"safeshell-tests-{secrets.token_hex(8)}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(f"\0{self._name}")
            listener.listen(64)
            parent = os.pidfd_open(os.getpid())
            if os.fork() == 0:
                try:
                    _Service(listener, self._running.fileno(), parent).serve()
                finally:
                    os._exit(os.EX_SOFTWARE)
            os.close(parent)

    @property
    def option(self) -> str:
        """What tells a daemon where to ask."""
        return f"{_OPTION}{self._name}"

    def idle(self) -> bool:
        """Whether no compiler runs."""
        with _opened(self._running.fileno()) as running:
            try:
                fcntl.flock(running, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True


_servers: list[Server] = []


def start() -> None:
    """Starts this process's server: before any test, which may change what a fork would inherit."""
    _servers.append(Server())


def options() -> list[str]:
    """What tells a daemon where to ask; nothing where there is no server."""
    return [server.option for server in _servers]


def idle() -> bool:
    """Whether no compiler runs that was forked here."""
    return all(server.idle() for server in _servers)


@contextlib.contextmanager
def _opened(descriptor: int) -> Iterator[int]:
    """The same file, opened anew: so locks of its own."""
    again = os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR | os.O_CLOEXEC)
    try:
        yield again
    finally:
        os.close(again)


class _Service:
    """The process that forks them, a fork of the tests'."""

    def __init__(self, listener: socket.socket, running: int, parent: int) -> None:
        self._listener, self._running, self._parent = listener, running, parent

    def serve(self) -> None:
        """Until the tests' process ends."""
        os.setsid()
        keep_only(self._listener.fileno(), self._running, self._parent)
        warm = False
        while self._parent not in select.select([self._listener.fileno(), self._parent], [], [])[0]:
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            with self._listener.accept()[0] as asker:
                if not warm:
                    _warm_up()
                    warm = True
                self._answer(asker)

    def _answer(self, asker: socket.socket) -> None:
        """Forks a compiler for who asks, or closes the connection to one that has to start it by itself."""
        peer = struct.unpack("3i", asker.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        data, descriptors, _, _ = socket.recv_fds(asker, _REQUEST_MAX, 8, socket.MSG_CMSG_CLOEXEC)
        request = json.loads(data)
        with contextlib.ExitStack() as stack:
            for descriptor in descriptors:
                stack.callback(os.close, descriptor)
            if peer[1] != os.geteuid() or request["world"] != world():
                return
            running = stack.enter_context(_opened(self._running))
            fcntl.flock(running, fcntl.LOCK_SH)
            pid = os.fork()
            if pid == 0:
                try:
                    _compile(request, descriptors, running)
                finally:
                    os._exit(1)
            pidfd = os.pidfd_open(pid)
            stack.callback(os.close, pidfd)
            socket.send_fds(asker, [b"%d" % pid], [pidfd])


def _warm_up() -> None:
    """Imports what is imported when it is first needed, and reads the packs."""
    with tempfile.TemporaryDirectory() as directory:
        rules = os.path.join(directory, "rules.yaml")
        with open(rules, "w", encoding="utf-8") as stream:
            stream.write(
                "version: 1\nrules:\n  - {name: a, commands: [rm], action: deny, message: m, tests: {match: [rm a]}}\n"
            )
        compile_rules(rules)


def _compile(request: Mapping[str, Any], descriptors: Sequence[int], running: int) -> None:
    """Has this process, a fork, be `python -m safeshell_compiler` from here on."""
    aside = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 100) for descriptor in (*descriptors, running)]
    for descriptor, target in zip(aside, request["targets"], strict=False):
        os.dup2(descriptor, target)
    keep_only(*request["targets"], aside[-1])
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 # the process's
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = ["safeshell_compiler", *request["argv"]]
    status = 1
    try:
        compiler.main()
        status = 0
    except SystemExit as ended:
        sys.stderr.write(f"{ended.code}\n")
    except Exception:  # noqa: BLE001 # as an interpreter does
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(status)


def keep_only(*kept: int) -> None:
    """Closes all other descriptors."""
    first = 0
    for descriptor in (*sorted(kept), 1 << 16):
        os.closerange(first, descriptor)
        first = descriptor + 1
