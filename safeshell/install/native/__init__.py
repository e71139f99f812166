"""Native build products: where they are, and the bash client for where nothing could be built."""

from __future__ import annotations

import os

_HERE = os.path.dirname(os.path.abspath(__file__))


def native_client() -> str | None:
    """The path of the compiled client, or None where this installation has none that this machine could run."""
    path = os.path.join(_HERE, "safeshell-shim")
    return path if os.access(path, os.X_OK) else None


def native_hook() -> str | None:
    """The path of the compiled hook program, or None where this installation has none that this machine could run.

    What an agent is told to run is a copy of it in `Home.hooks`: it has to deny when the installation is gone, too.
    """
    path = os.path.join(_HERE, "safeshell-hook")
    return path if os.access(path, os.X_OK) else None


def native_shell() -> str | None:
    """The path of the compiled `safeshell-sh`, or None where this installation has none that this machine could run.

    Agents are given a copy of it in `Home.hooks`, as of the hook program.
    """
    path = os.path.join(_HERE, "safeshell-sh")
    return path if os.access(path, os.X_OK) else None


def native_keeper() -> str | None:
    """The path of the compiled keeper of the kernel tier, or None where this installation has none that could run."""
    path = os.path.join(_HERE, "safeshell-keeper")
    return path if os.access(path, os.X_OK) else None


def why_not_static() -> str:
    """Why the client that was built isn't the static one, in the build's own words, or "" where it is."""
    try:
        with open(os.path.join(_HERE, "not-static.txt"), encoding="utf-8") as stream:
            return stream.read().strip()
    except FileNotFoundError:
        return ""


def native_front() -> str | None:
    """The path of the daemon's native front, a library, or None where it was not compiled."""
    path = os.path.join(_HERE, "safeshell-front.so")
    return path if os.access(path, os.R_OK) else None


def bash_client() -> str:
    """The path of the bash client: the installed copy, else the source checkout's."""
    installed = os.path.join(_HERE, "safeshell-check")
    if os.path.exists(installed):
        return installed
    return os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(_HERE))), "shims", "safeshell-check")
