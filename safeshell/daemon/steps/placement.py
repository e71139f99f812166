"""Who runs a command: the daemon as its child, or the caller in place.

In place can't be told from no SafeShell at all, so it is the answer wherever the daemon's child could be.
"""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable

from safeshell.host.process.confinement import Caller
from safeshell.protocol import Flag

_in_two: Callable[[bytes], tuple[bytes, bytes]] = operator.methodcaller("split", b"=", 1)
"""An entry's name and value, without a step of the interpreter for each of them."""


class Placement(enum.Enum):
    """Who runs a command."""

    DAEMON = "daemon"
    IN_PLACE = "in_place"
    REFUSED = "refused"


_TTY = int(Flag.TTY)
_CTTY = int(Flag.CTTY)
_FDS = int(Flag.FDS)
_CLOSED = int(Flag.CLOSED)
_IN_PLACE = int(Flag.IN_PLACE)
_UNUSUAL = int(Flag.UNUSUAL)
"""As plain integers: the arithmetic of `enum.Flag` costs a microsecond a time."""


def foregone(flags: int, *, blocked: int, has_stdio: bool, setting: str, rule: str) -> str:
    """Why a command runs in place whatever its caller is confined to, or "".

    So that nothing need be read of a caller that can't have its command run here. The arguments are those of `choose`.
    """
    if flags & _IN_PLACE:
        return "caller asks in place"
    if not has_stdio and not flags & _CLOSED:
        return ""
    if flags & _CLOSED:
        return "closed descriptor"
    execution = rule or setting
    if execution == "in_place":
        return "execution: in_place"
    return "" if execution == "daemon" else _said(flags, blocked)


def choose(
    flags: int,
    caller: Caller,
    *,
    nice: int,
    blocked: int,
    has_stdio: bool,
    can_express: bool,
    can_enter: bool,
    setting: str,
    rule: str,
) -> tuple[Placement, str]:
    """Decides who runs a command.

    Args:
        flags: the request's (`safeshell.protocol.Flag`).
        caller: what the kernel says about the caller.
        nice: the nice value that the request names.
        blocked: the signals that the request says were blocked, bit n-1 for signal n.
        has_stdio: whether descriptors 0-2 came with the request. A caller that passed none, and has none closed, gets
            its output in frames: only the daemon can run its command.
        can_express: whether a spawn can express the environment (the function `expressible`).
        can_enter: whether the daemon can enter the working directory.
        setting: `execution` of the settings: auto, daemon or in_place.
        rule: the deciding rules' `execution`, "" where they leave it to the setting.

    Returns:
        The placement and the reason for it, short and stable; "" where nothing stood against the daemon.
        `Placement.REFUSED` where only the daemon could run it and must not or can't.
    """
    if flags & _IN_PLACE:
        return Placement.IN_PLACE, "caller asks in place"
    streams = not has_stdio and not flags & _CLOSED
    obstacle = _obstacle(flags, caller, can_express, can_enter)
    if obstacle:
        return Placement.REFUSED if streams else Placement.IN_PLACE, obstacle
    if streams:
        return Placement.DAEMON, "no descriptors"
    execution = rule or setting
    if execution == "in_place":
        return Placement.IN_PLACE, "execution: in_place"
    difference = _difference(flags, caller, nice, blocked)
    if not difference:
        return Placement.DAEMON, ""
    if execution == "daemon":
        return Placement.DAEMON, "execution: daemon"
    return Placement.IN_PLACE, difference


def _obstacle(flags: int, caller: Caller, can_express: bool, can_enter: bool) -> str:
    """Why the daemon must not or can't run it, whatever is asked for."""
    if caller.confined:
        return f"confinement: {caller.confined}"
    if flags & _CLOSED:
        return "closed descriptor"
    if not can_express:
        return "environment"
    return "" if can_enter else "directory"


def _difference(flags: int, caller: Caller, nice: int, blocked: int) -> str:
    """What would tell the daemon's child from the caller's."""
    # The kernel's value is the daemon's own, or `differs` would say so; the request's word can only add to it.
    return _said(flags, blocked) or caller.differs or ("nice" if nice != caller.nice else "")


def _said(flags: int, blocked: int) -> str:
    """What the caller itself says that would tell them apart."""
    if flags & _TTY:
        return "terminal"
    if flags & _CTTY:
        return "controlling terminal"
    if flags & _FDS:
        return "open descriptors"
    if flags & _UNUSUAL:
        return "unusual attributes"
    return "blocked signals" if blocked else ""


def expressible(entries: list[bytes]) -> dict[bytes, bytes] | None:
    """The environment's entries as `os.posix_spawn` takes them, in their order.

    None where it can't express them: a name twice, an entry without "=", an empty name.
    """
    try:
        made = dict(map(_in_two, entries))
    except ValueError:
        return None
    return made if len(made) == len(entries) and b"" not in made else None
