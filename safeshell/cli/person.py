"""What takes the guard away takes a person: an agent's commands that do need the PIN."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from safeshell import client
from safeshell.cli.output import warn
from safeshell.errors import PersonNeededError, SafeShellError, UnreachableError
from safeshell.home.paths import Home
from safeshell.home.person import agent_asks

takes_pin: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--pin-stdin", is_flag=True, help="Where it takes the PIN, read it from stdin instead of asking at the terminal."
)
"""The option of a command that calls `require_person`."""


def require_person(deed: str, home: Home, *, pin_stdin: bool = False) -> None:
    """Goes on where a person asks; where an agent does, takes the PIN.

    The daemon checks it, which counts wrong ones, and lets this process do what it guards itself (stopping it).

    Args:
        deed: what is to be done, as the command is typed: `safeshell daemon stop`.
        home: of which home.
        pin_stdin: read the PIN from stdin, not from the terminal.

    Raises:
        PersonNeededError: an agent asks, and the PIN is wrong, can't be given, or there is none.
        SafeShellError: the daemon, which checks the PIN, can't be started.
    """
    agent = agent_asks(home)
    if not agent:
        return
    inside = f"`{deed}` takes a person, and {inside_agent(agent)}"
    if not os.path.exists(home.pin):
        raise PersonNeededError(
            f"{inside}: run it outside, or run `safeshell approvals enroll` there, which sets a PIN that this takes"
        )
    try:
        pin = sys.stdin.readline().rstrip("\n") if pin_stdin else ask_pin("PIN")
    except SafeShellError as error:
        raise PersonNeededError(f"{inside}; it takes the PIN, and {error.message}", hint="run it outside") from error
    answer = permit(deed, pin, home)
    if not answer["ok"]:
        raise PersonNeededError(f"{inside}: {answer['reason']}")
    say_note(answer)


def inside_agent(agent: int) -> str:
    """Says what shows that this runs inside an agent."""
    return f"this runs inside an agent (process {agent} is its own, or has its environment)"


def say_note(answer: dict[str, Any]) -> None:
    """Says what the daemon has to say of the PIN that it took."""
    if answer.get("note"):
        warn(answer["note"])


def permit(deed: str, pin: str, home: Home) -> dict[str, Any]:
    """Gives the daemon the PIN for a deed of this process; returns its answer. Starts it where none runs."""
    request = {"do": "permit", "deed": deed, "pin": pin}
    try:
        return client.approvals(request, home=home)
    except UnreachableError:
        from safeshell.cli.daemon import launch  # noqa: PLC0415 # which asks for people, too

        launch(home)
        return client.approvals(request, home=home)


def ask_pin(prompt: str) -> str:
    """Asks for a PIN at the terminal, without an echo, whatever stdin is.

    Raises:
        SafeShellError: there is no terminal.
    """
    import getpass  # noqa: PLC0415 # only here

    try:
        with open(os.ctermid(), "r+b", buffering=0):
            return getpass.getpass(f"{prompt}: ")
    except OSError as error:
        raise SafeShellError("there is no terminal to ask for the PIN at", hint="run it in one") from error
