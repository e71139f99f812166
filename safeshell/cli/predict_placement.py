"""Prediction of a placement, for `check --explain`: what the daemon would answer a client started from here."""

from __future__ import annotations

import array
import contextlib
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator

from safeshell.client import control
from safeshell.daemon.steps.borrow import NotTakenError, take
from safeshell.daemon.steps.place import choose
from safeshell.errors import ProtocolError, SafeShellError, UnreachableError
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.host.process.confinement import inspect
from safeshell.host.process.own import Own
from safeshell.install.native import bash_client, native_client
from safeshell.protocol import Command, Receiver, Type

PATIENCE_S = 2.0
"""Seconds that the client may take to ask; it takes milliseconds."""

_DESCRIPTORS = 4
_CHUNK = 1 << 16


def predict_placement(home: Home, settings: Settings, rule: str) -> tuple[str | None, str]:
    """Says who would run an allowed command that is started as this process was.

    A client is started with all that this process was given: descriptors, terminal, limits, confinement. It asks a
    socket that only listens, and is ended; what it says of itself, and the kernel says of it, is judged as the daemon
    does: against the running daemon, or where none runs against one that a client would start from here.

    Args:
        home: whose daemon.
        settings: of that home.
        rule: the deciding rules' `execution`, "" where they leave it to the settings.

    Returns:
        `daemon` or `in_place`, and the reason; None, and why it can't be told.
    """
    try:
        own = _daemons_own(home)
        with _asking(settings) as (client, command, descriptors):
            return _judge(client, command, descriptors, own, settings.execution, rule)
    except SafeShellError as error:
        return None, f"can't be told: {error.message}"
    except OSError as error:
        return None, f"can't be told: {error.strerror or error}"


def _daemons_own(home: Home) -> Own:
    try:
        return Own.of(control(Type.STATUS, home=home)["pid"])
    except UnreachableError:
        return Own.read()


def _judge(
    client: int, command: Command, descriptors: int, own: Own, setting: str, rule: str
) -> tuple[str | None, str]:
    caller = inspect(client, own)
    nice = command.nice
    if command.borrow:
        obstacle = _cannot_borrow(client, command.borrow)
        if obstacle and not caller.confined:
            return "in_place", obstacle
        descriptors, nice = _DESCRIPTORS, caller.nice
    placement, reason = choose(
        command.flags,
        caller,
        nice=nice,
        blocked=command.blocked,
        has_stdio=descriptors == _DESCRIPTORS,
        setting=setting,
        rule=rule,
    )
    return placement, reason


def _cannot_borrow(client: int, borrowed: tuple[int, ...]) -> str:
    """Why a script's descriptors couldn't be taken, or ""."""
    pidfd = os.pidfd_open(client)
    try:
        for descriptor in borrowed:
            os.close(take(pidfd, descriptor))
    except NotTakenError as error:
        return str(error)
    finally:
        os.close(pidfd)
    return ""


@contextlib.contextmanager
def _asking(settings: Settings) -> Iterator[tuple[int, Command, int]]:
    """A client that waits for its answer: its pid, what it asked, and how many descriptors it passed.

    Raises:
        SafeShellError: it does not ask.
        OSError: it can't be started.
    """
    native = native_client() if settings.shims_client == "native" else None
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="safeshell-"))
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.settimeout(PATIENCE_S)
        listener.bind(Home(directory).socket)
        listener.listen(1)
        name = os.path.join(directory, "command")
        os.symlink(native or bash_client(), name)
        # What is inheritable here was inherited: Python makes none of its own so.
        client = subprocess.Popen([name], env={**os.environ, "SAFESHELL_HOME": directory}, close_fds=False)
        # The socket is closed last: a client that lost it would say so.
        try:
            sock = stack.enter_context(listener.accept()[0])
            yield (client.pid, *_receive(sock))
        except TimeoutError:
            raise SafeShellError(
                f"the client did not ask within {PATIENCE_S:g} s", hint="is the machine busy? run it again"
            ) from None
        finally:
            client.kill()
            client.wait()


def _receive(sock: socket.socket) -> tuple[Command, int]:
    sock.settimeout(PATIENCE_S)
    receiver, passed = Receiver(), 0
    while True:
        data, ancillary, _, _ = sock.recvmsg(_CHUNK, socket.CMSG_SPACE(_DESCRIPTORS * 4))
        for _, _, rights in ancillary:
            descriptors = array.array("i", rights)
            passed += len(descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
        if not data:
            raise ProtocolError("the client ended before it asked", hint="run `safeshell doctor`")
        for event in receiver.feed(data):
            if isinstance(event, Command):
                return event, passed
