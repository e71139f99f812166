"""client.conf: what the clients need to know when they can't reach the daemon."""

from __future__ import annotations

import os
import sys

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.home.writing import write_atomically


def daemon_command() -> list[str]:
    """Command that starts this installation's daemon, isolated from the environment and the working directory."""
    return [sys.executable, "-I", "-m", "safeshell.daemon"]


def client_conf(settings: Settings) -> bytes:
    """Content of client.conf under these settings."""
    lines = [
        f"unreachable_ai={settings.unreachable_ai}",
        f"unreachable_human={settings.unreachable_human}",
        *[f"marker={marker}" for marker in settings.markers],
        f"trash_size={settings.trash_size}",
        f"trash_age_ms={settings.trash_age_ms}",
        *[f"start={word}" for word in daemon_command()],
    ]
    return os.fsencode("".join(f"{line}\n" for line in lines))


def loosened(text: bytes, settings: Settings) -> list[str]:
    """Names what a client.conf says, or leaves out, that is looser than these settings, as a client reads it.

    Args:
        text: its content; nothing where there is none.
        settings: those in force.
    """
    allows = {"unreachable_ai": False, "unreachable_human": True}
    markers, kept = set(), {"trash_size": settings.trash_size, "trash_age_ms": settings.trash_age_ms}
    for line in text.decode("utf-8", "surrogateescape").splitlines():
        key, _, value = line.partition("=")
        if key in allows:
            allows[key] = value == "allow"
        elif key in kept:
            kept[key] = int(value) if value.isdecimal() else kept[key]
        elif key == "marker":
            markers.add(value)
    found = [name for name, allowed in allows.items() if allowed and getattr(settings, name) == "deny"]
    if not markers.issuperset(settings.markers):
        found.append("markers")
    found += [
        name for name, size in kept.items() if size and (size < getattr(settings, name) or not getattr(settings, name))
    ]
    return found


def write_client_conf(home: Home, settings: Settings) -> None:
    """Writes client.conf, which the clients read when they can't reach the daemon; whole or not at all.

    Raises:
        SafeShellError: it can't be written.
    """
    try:
        write_atomically(home.client_conf, client_conf(settings), 0o600)
    except OSError as error:
        raise SafeShellError(f"can't write {home.client_conf}: {error.strerror}") from error


def names_another(home: Home) -> bool:
    """Whether client.conf has the clients start another installation's daemon than this one's."""
    try:
        with open(home.client_conf, encoding="utf-8", errors="surrogateescape") as stream:
            named = [line for line in stream.read().splitlines() if line.startswith("start=")]
    except OSError:
        return False
    return named != [f"start={word}" for word in daemon_command()]


def name_daemon_command(home: Home) -> None:
    """Has client.conf start this installation's daemon, where it names another.

    Raises:
        SafeShellError: it can't be read or written.
    """
    wanted = [f"start={word}" for word in daemon_command()]
    try:
        with open(home.client_conf, encoding="utf-8", errors="surrogateescape") as stream:
            lines = stream.read().splitlines()
        others = [line for line in lines if not line.startswith("start=")]
        if [line for line in lines if line.startswith("start=")] != wanted:
            text = "".join(f"{line}\n" for line in [*others, *wanted])
            write_atomically(home.client_conf, os.fsencode(text), 0o600)
    except FileNotFoundError:
        write_client_conf(home, Settings())
    except OSError as error:
        raise SafeShellError(f"can't change {home.client_conf}: {error.strerror}") from error
