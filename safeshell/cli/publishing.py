"""Publishing what a command has compiled; what loosens the user's own rules takes a person."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from safeshell import client
from safeshell.cli.person import permit, require_person
from safeshell.errors import PersonNeededError, SafeShellError, UnreachableError
from safeshell.home.agents_seen import agent_seen
from safeshell.home.paths import Home
from safeshell.home.person import agent_asks
from safeshell.host.process import ancestry

if TYPE_CHECKING:
    from safeshell_compiler.publish import Compiled


def put_in_force(home: Home, *compiled: Compiled, deed: str, pin_stdin: bool = False) -> None:
    """Puts layers in force: any for a person at a terminal, for others what loosens nothing.

    A running daemon judges, by what it has in force itself and what the kernel says of this process; where none runs,
    this process does.

    Args:
        home: whose.
        compiled: the layers, without errors.
        deed: what is done, as the command is typed.
        pin_stdin: where it takes the PIN, read it from stdin.

    Raises:
        PersonNeededError: it loosens, an agent has run, and neither a person at a terminal asks nor the PIN is given.
        SafeShellError: they can't be written, or were changed while they were compiled.
    """
    from safeshell_compiler.publish import publish  # noqa: PLC0415 # `--help` need not wait for it

    user = next((one for one in compiled if one.rules == home.rules), None)
    if user is None:
        publish(home, *compiled, by_person=False)
        return
    agent = agent_asks(home)
    answer = _ask(home, user)
    if answer is None:
        first = not os.path.lexists(home.tables)
        person = not agent and _at_terminal()
        if person or not _takes_person(home, user, agent=bool(agent)):
            publish(home, *compiled, by_person=person or (first and not agent))
            return
        from safeshell.cli.daemon import launch  # noqa: PLC0415 # which checks the PIN

        if os.path.exists(home.pin):
            launch(home)
        answer = _ask(home, user) or {"ok": False, "needs_person": True, "reason": _WHY}
    if answer.get("needs_person"):
        if agent:
            require_person(deed, home, pin_stdin=pin_stdin)
        else:
            _permit(home, deed, answer["reason"], pin_stdin=pin_stdin)
        answer = _ask(home, user) or {"ok": False, "reason": "the daemon went away: run it again"}
    if not answer["ok"]:
        raise SafeShellError(answer["reason"])
    publish(home, *compiled, by_person=False)  # the daemon knows who asked


_WHY = "this loosens the rules in force, and an agent has run since"


def _ask(home: Home, user: Compiled) -> dict[str, Any] | None:
    """Asks the daemon to put this in force; None where none runs."""
    try:
        return client.approvals({"do": "confirm", "fingerprint": user.fingerprint}, home=home)
    except UnreachableError as error:
        if error.hint:  # nobody listens
            return None
        raise


def _takes_person(home: Home, user: Compiled, *, agent: bool) -> bool:
    from safeshell_compiler.edits import describe, published  # noqa: PLC0415 # as above

    before = published(home, home.rules)
    if before is None or not (agent or agent_seen(home)):
        return False
    edit = describe(before, user.compilation, user.settings, (home.config, user.config))
    return edit is not None and "loosens" in edit


def _at_terminal() -> bool:
    process = ancestry.read(os.getpid())
    return process is not None and process.terminal != 0


def _permit(home: Home, deed: str, reason: str, *, pin_stdin: bool) -> None:
    """Gives the PIN where no agent asks, and nobody at a terminal either: a script may be anyone's."""
    hint = "run `safeshell compile` at a terminal"
    if not pin_stdin:
        raise PersonNeededError(
            reason, hint=f"{hint}, or give the PIN with --pin-stdin (`safeshell approvals enroll` sets one)"
        )
    answer = permit(deed, sys.stdin.readline().rstrip("\n"), home)
    if not answer["ok"]:
        raise PersonNeededError(f"{reason}: {answer['reason']}", hint=hint)
