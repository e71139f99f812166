"""Paths of a user: everything lives in one directory, ~/.safeshell or $SAFESHELL_HOME."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from safeshell.errors import SafeShellError

SYSTEM_RULES = "/etc/safeshell/rules.d"
"""The machine's rules, in force under every user's."""

SYSTEM_TABLES = "/var/lib/safeshell/system.lmdb"
"""What root published of them."""

SOCKET_PATH_MAX = 107
"""Bytes that fit `sun_path` with its NUL (unix(7))."""


def working_directory() -> str | None:
    """The working directory, None where it was removed."""
    try:
        return os.getcwd()
    except OSError:
        return None


class Home(NamedTuple):
    """The files of one SafeShell home; `root` is absolute."""

    root: str

    @classmethod
    def find(cls) -> Home:
        """The home that the environment names: $SAFESHELL_HOME, else ~/.safeshell."""
        return cls(os.path.abspath(os.environ.get("SAFESHELL_HOME") or os.path.expanduser("~/.safeshell")))

    def _at(self, name: str) -> str:
        return os.path.join(self.root, name)

    @property
    def rules(self) -> str:
        """The user's rules."""
        return self._at("rules.yaml")

    @property
    def layers(self) -> tuple[str, str]:
        """The rules that are in force everywhere: the machine's and the user's."""
        return SYSTEM_RULES, self.rules

    @property
    def config(self) -> str:
        """Settings."""
        return self._at("config.yaml")

    @property
    def client_conf(self) -> str:
        """Settings that the native client reads when it can't reach the daemon."""
        return self._at("client.conf")

    @property
    def tables(self) -> str:
        """Compiled tables."""
        return self._at("tables.lmdb")

    @property
    def shims(self) -> str:
        """The directory that goes first on PATH."""
        return self._at("shims")

    @property
    def hooks(self) -> str:
        """The copy of the hook program, and what was written into the agents' settings."""
        return self._at("hooks")

    @property
    def audit(self) -> str:
        """The audit log."""
        return self._at("audit.jsonl")

    @property
    def pin(self) -> str:
        """The hash of the PIN that approvals take."""
        return self._at("approvals.pin")

    @property
    def approvals(self) -> str:
        """The number of the last request for approval."""
        return self._at("approvals.last")

    @property
    def no_agent(self) -> str:
        """There as long as no agent was seen since a person put the rules in force."""
        return self._at("agents.none")

    @property
    def trash(self) -> str:
        """Trash: what a redirect moved there."""
        return self._at("trash")

    @property
    def shell(self) -> str:
        """Start-up files of guarded shells, and what was written into the user's."""
        return self._at("shell")

    @property
    def socket(self) -> str:
        """The daemon's socket.

        Raises:
            SafeShellError: the path does not fit a socket address.
        """
        path = self._at("daemon.sock")
        if len(os.fsencode(path)) > SOCKET_PATH_MAX:
            raise SafeShellError(
                f"the socket's path is {len(os.fsencode(path))} bytes, a Unix socket takes {SOCKET_PATH_MAX}: {path}",
                hint="set SAFESHELL_HOME to a shorter path",
            )
        return path

    def create(self) -> None:
        """Makes the directory (mode 0700) where it is missing, and checks that it is the user's own.

        Raises:
            SafeShellError: it can't be made, isn't a directory, belongs to another user or is writable by others.
        """
        try:
            os.makedirs(self.root, mode=0o700, exist_ok=True)
        except OSError as error:
            raise SafeShellError(f"can't make {self.root}: {error.strerror}") from error
        self.check()

    def check_rules(self) -> None:
        """Checks that there are rules.

        Raises:
            SafeShellError: there are none.
        """
        if not os.path.lexists(self.rules):
            raise SafeShellError(f"{self.rules} does not exist", hint="run `safeshell init`")

    def check(self) -> None:
        """Checks that the directory exists and is the user's own.

        Raises:
            SafeShellError: it is missing, belongs to another user or is writable by others.
        """
        try:
            status = os.stat(self.root)
        except OSError as error:
            raise SafeShellError(f"can't use {self.root}: {error.strerror}", hint="run `safeshell init`") from error
        if status.st_uid != os.geteuid():
            raise SafeShellError(
                f"{self.root} belongs to uid {status.st_uid}, not to you",
                hint="set SAFESHELL_HOME to a directory of your own",
            )
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise SafeShellError(f"{self.root} is writable by others", hint=f"chmod go-w {self.root}")
