"""Units of systemd: a socket that is there from login on, and the service that it starts."""

from __future__ import annotations

import os

from safeshell.errors import SafeShellError
from safeshell.home.client_conf import daemon_command
from safeshell.home.paths import Home
from safeshell.home.writing import write_atomically

_MARK = "# Written by `safeshell daemon install`."

_SOCKET = """\
{mark}
[Unit]
Description=SafeShell: guarded commands

[Socket]
ListenStream={socket}
SocketMode=0600
DirectoryMode=0700
Backlog=1024
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
"""

# The first signal drains, so it goes to the daemon alone; what still runs after the time-out is killed with it.
_SERVICE = """\
{mark}
[Unit]
Description=SafeShell: guarded commands
Requires=safeshell.socket
After=safeshell.socket
# Quick stops and starts would fail the socket, and a command with it; one that can't start stops at the socket's limit.
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
Environment={environment}
WorkingDirectory=/
UMask=0077
KillMode=mixed
"""


def install_units(home: Home) -> list[str]:
    """Writes the units to $XDG_CONFIG_HOME/systemd/user; returns their paths.

    Raises:
        SafeShellError: a unit of these names that isn't ours stands there, or it can't be written.
    """
    texts = {
        "safeshell.socket": _SOCKET.format(mark=_MARK, socket=_specifiers(home.socket)),
        "safeshell.service": _SERVICE.format(
            mark=_MARK,
            command=" ".join(_quote(word, command=True) for word in daemon_command()),
            environment=_quote(f"SAFESHELL_HOME={home.root}"),
        ),
    }
    directory = _directory()
    paths = {os.path.join(directory, name): text for name, text in texts.items()}
    try:
        os.makedirs(directory, exist_ok=True)
        for path in paths:
            _check_ours(path)
        for path, text in paths.items():
            write_atomically(path, os.fsencode(text), 0o644)
    except OSError as error:
        raise SafeShellError(f"can't write {error.filename or directory}: {error.strerror}") from error
    return list(paths)


def remove_units(home: Home) -> list[str]:
    """Removes the units that start this home's daemon, and what enabled them; returns their paths.

    Raises:
        SafeShellError: one can't be removed.
    """
    socket, service = (os.path.join(_directory(), name) for name in ("safeshell.socket", "safeshell.service"))
    lines = _read(socket)
    if lines is None or lines[:1] != [_MARK] or f"ListenStream={_specifiers(home.socket)}" not in lines:
        return []
    enabled = os.path.join(_directory(), "sockets.target.wants", "safeshell.socket")
    found = [path for path in (enabled, socket, service) if os.path.lexists(path)]
    try:
        for path in found:
            os.unlink(path)
    except OSError as error:
        raise SafeShellError(f"can't remove {error.filename}: {error.strerror}") from error
    return found


def _directory() -> str:
    return os.path.join(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"), "systemd", "user")


def _read(path: str) -> list[str] | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read().splitlines()
    except FileNotFoundError:
        return None


def _check_ours(path: str) -> None:
    lines = _read(path)
    if lines is not None and lines[:1] != [_MARK]:
        raise SafeShellError(f"{path} was not written by SafeShell", hint="move it away")


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _quote(word: str, *, command: bool = False) -> str:
    """A word as systemd.syntax(7) reads it back; in a command, `$` would name a variable."""
    escaped = _specifiers(word).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped.replace("$", "$$") if command else escaped}"'
