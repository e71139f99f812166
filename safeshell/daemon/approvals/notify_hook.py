"""Telling a program of a command that waits: `notify` in the settings, with the request as JSON on its stdin."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from safeshell.daemon.core.executor import IGNORED_BY_PYTHON, Executor
from safeshell.daemon.sources.policy_source import Policies

TIMEOUT_MS = 30_000
"""How long it may take: a webhook that hangs is ended."""

PATH = b"/usr/local/bin:/usr/bin:/bin"

_DESKTOP = (b"DISPLAY", b"WAYLAND_DISPLAY", b"XAUTHORITY", b"DBUS_SESSION_BUS_ADDRESS", b"XDG_RUNTIME_DIR")
"""What `notify-send` needs to find the screen of who asked. Nothing else of the caller's environment is handed on."""


class Notifier:
    """Starts the program.

    Attributes:
        failures: how often it could not be started or failed.
        error: why it did last, or "" where it has done its work since.
    """

    def __init__(self, policies: Policies, executor: Executor) -> None:
        self._policies = policies
        self._executor = executor
        self.failures = 0
        self.error = ""

    @property
    def is_set(self) -> bool:
        """Whether there is one."""
        return bool(self._policies.settings.notify)

    def tell(self, content: Mapping[str, Any], environment: bytes) -> None:
        """Tells it of a request.

        Args:
            content: what it is told, as JSON.
            environment: the block of who asked.
        """
        words = [os.fsencode(word) for word in self._policies.settings.notify]
        if not words:
            return
        message = os.memfd_create("request", os.MFD_CLOEXEC)
        null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(message, json.dumps(content).encode() + b"\n")
            os.lseek(message, 0, os.SEEK_SET)
            with self._executor.own_limits():
                pid = os.posix_spawn(
                    _find(words[0]),
                    words,
                    _environment(environment),
                    file_actions=[
                        (os.POSIX_SPAWN_DUP2, message, 0),
                        (os.POSIX_SPAWN_DUP2, null, 1),
                        (os.POSIX_SPAWN_DUP2, null, 2),
                    ],
                    setpgroup=0,
                    setsigdef=IGNORED_BY_PYTHON,
                )
        except OSError as error:
            self._fail(f"{words[0].decode(errors='replace')}: {error.strerror}")
            return
        finally:
            os.close(message)
            os.close(null)
        self._executor.watch(pid, self._ended, lambda _number: None, TIMEOUT_MS)

    def _ended(self, status: int, timed_out: bool) -> None:
        if timed_out:
            self._fail(f"took more than {TIMEOUT_MS // 1000} s")
        elif status:
            self._fail(f"ended with {os.waitstatus_to_exitcode(status)}")
        else:
            self.error = ""

    def _fail(self, reason: str) -> None:
        self.failures += 1
        self.error = reason

    def describe(self) -> dict[str, Any]:
        """For `daemon status`."""
        return {"command": list(self._policies.settings.notify), "failures": self.failures, "error": self.error or None}


def _find(program: bytes) -> bytes:
    if b"/" in program:
        return program
    paths = [element + b"/" + program for element in PATH.split(b":")]
    return next((path for path in paths if os.access(path, os.X_OK)), paths[-1])


def _environment(block: bytes) -> dict[bytes, bytes]:
    made = {b"PATH": PATH, b"HOME": os.fsencode(os.path.expanduser("~"))}
    for entry in block.split(b"\0"):
        name, equals, value = entry.partition(b"=")
        if equals and name in _DESKTOP:
            made.setdefault(name, value)
    return made
