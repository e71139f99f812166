"""Step `place`: who runs a command: the daemon as its child, or the caller in place.

In place can't be told from no SafeShell at all, so it is the answer wherever the daemon's child could be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from safeshell.daemon.request import FAILED, Request
from safeshell.daemon.sources.policy_source import Policies
from safeshell.daemon.steps import GO_ON
from safeshell.host.process.confinement import CallerState, inspect
from safeshell.host.process.own import Own
from safeshell.protocol import Flag

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.binding import Fastpath


class Place:
    """Settles who runs a command.

    Args:
        policies: have the settings.
        own: the daemon's own state.

    Attributes:
        fastpath: looks at callers for less, where it was compiled.
    """

    def __init__(self, policies: Policies, own: Own) -> None:
        self._policies = policies
        self._own = own
        self.fastpath: Fastpath | None = None
        self._alike: dict[int, CallerState] = {}

    def run(self, request: Request) -> str:
        """Looks at the caller last, right before a spawn, and only where the command could run here at all."""
        connection, command = request.connection, request.command
        assert command is not None
        has_stdio = len(connection.descriptors) == 4
        setting, rule = self._policies.settings.execution, request.decision.execution
        plain = has_stdio and not (command.flags or command.blocked or request.obstacle)
        reason = (
            ""
            if plain and (rule or setting) != "in_place"
            else request.obstacle
            or foregone(command.flags, blocked=command.blocked, has_stdio=has_stdio, setting=setting, rule=rule)
        )
        if reason and request.same_view:
            request.placement, request.reason = "in_place", reason
            return GO_ON
        caller = request.caller
        if caller is None:
            caller = request.caller = self._inspect(connection.pid, connection.pidfd)
        elif connection.owner >= 0 and has_stdio:  # what `borrow` saw, before all that was looked up since
            caller = request.caller = self._inspect(connection.owner_pid, connection.owner)
        if plain and not (reason or caller.confined or caller.differs) and command.nice == caller.nice:
            request.placement = "daemon"  # as `choose` would have it: nothing stands against it
            return GO_ON
        placement, request.reason = choose(
            command.flags,
            caller,
            nice=command.nice,
            blocked=command.blocked,
            has_stdio=has_stdio,
            setting=setting,
            rule=rule,
        )
        if placement == "refused":
            why = f"can't run this in the daemon: {request.reason}"
            return request.refuse(FAILED, why, error=why)
        request.placement = placement
        return GO_ON

    def _inspect(self, pid: int, pidfd: int) -> CallerState:
        """What the kernel says about who asks."""
        if self.fastpath is not None:
            umask = self.fastpath.inspect(pid, pidfd)
            if umask >= 0:
                alike = self._alike.get(umask)
                if alike is None:
                    alike = self._alike[umask] = CallerState("", "", umask, self._own.nice, same_view=True)
                return alike
        return inspect(pid, self._own, pidfd)


_OWN_WORD = "confinement: its own word"
"""What only the caller can tell: a Landlock domain, memory that may not be written and executed (MDWE), the processor's
counter taken away, securebits."""

Placement = Literal["daemon", "in_place", "refused"]
"""Who runs a command."""


_TTY = int(Flag.TTY)
_CTTY = int(Flag.CTTY)
_FDS = int(Flag.FDS)
_CLOSED = int(Flag.CLOSED)
_IN_PLACE = int(Flag.IN_PLACE)
_UNUSUAL = int(Flag.UNUSUAL)
_CONFINED = int(Flag.CONFINED)
"""As plain integers: the arithmetic of `enum.Flag` costs a microsecond a time."""


def foregone(flags: int, *, blocked: int, has_stdio: bool, setting: str, rule: str) -> str:
    """Why a command runs in place whatever its caller is confined to, or "".

    So that nothing need be read of a caller that can't have its command run here. The arguments are those of `choose`.
    """
    if flags & _IN_PLACE:
        return "caller asks in place"
    if not has_stdio and not flags & _CLOSED:
        return ""
    if flags & _CONFINED:
        return _OWN_WORD
    if flags & _CLOSED:
        return "closed descriptor"
    execution = rule or setting
    if execution == "in_place":
        return "execution: in_place"
    return "" if execution == "daemon" else _said(flags, blocked)


def choose(
    flags: int,
    caller: CallerState,
    *,
    nice: int,
    blocked: int,
    has_stdio: bool,
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
        setting: `execution` of the settings: auto, daemon or in_place.
        rule: the deciding rules' `execution`, "" where they leave it to the setting.

    Returns:
        The placement and the reason for it, short and stable; "" where nothing stood against the daemon.
        "refused" where only the daemon could run it and must not or can't.
    """
    if flags & _IN_PLACE:
        return "in_place", "caller asks in place"
    streams = not has_stdio and not flags & _CLOSED
    if caller.confined or flags & _CONFINED:
        return "refused" if streams else "in_place", f"confinement: {caller.confined}" if caller.confined else _OWN_WORD
    if flags & _CLOSED:
        return "in_place", "closed descriptor"
    if streams:
        return "daemon", "no descriptors"
    execution = rule or setting
    if execution == "in_place":
        return "in_place", "execution: in_place"
    # The kernel's value is the daemon's own, or `differs` would say so; the request's word can only add to it.
    difference = _said(flags, blocked) or caller.differs or ("nice" if nice != caller.nice else "")
    if not difference:
        return "daemon", ""
    if execution == "daemon":
        return "daemon", "execution: daemon"
    return "in_place", difference


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
