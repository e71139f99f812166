"""Directories in which agents' sessions began, for `@project`: an agent may go elsewhere later, its project doesn't.

An agent is known by its process, which it can't choose: by the one that started its hook, or that shows that it is an
agent's. What it says later, in the same session, moves nothing.
"""

from __future__ import annotations

import os

from safeshell.home.person import outermost_agents_process
from safeshell.host.process import ancestry
from safeshell.host.process.shells import is_shell
from safeshell.policy.context import Context

SESSIONS_MAX = 1024
"""Sessions remembered; beyond them the oldest are forgotten, and begin anew."""

_SUPERVISORS = frozenset({b"systemd", b"init"})
"""Programs that inherit what others leave behind: no agent, though a hook may be their child."""

_Process = tuple[int, int]


class Sessions:
    """The sessions' directories, by the agent's process and by what the agent calls the session; "" for its first."""

    def __init__(self) -> None:
        self._began: dict[tuple[_Process, str], bytes] = {}

    def of_hook(self, pid: int, session: str, directory: bytes) -> bytes:
        """Where the session began that a hook asks for.

        Args:
            pid: the hook's process.
            session: the session's name, as the agent has it.
            directory: where the agent says that it is now, absolute.
        """
        known, agent = self._outermost(pid), _agent_of(pid)
        if known is not None and known != agent:  # inside of a session
            return self._began[known, ""]
        if agent is None:
            return directory
        self._note(agent, "", directory)
        self._note(agent, session, directory)
        return self._began[agent, session]

    def of_command(self, pid: int, context: Context, directory: bytes) -> bytes:
        """Where the session began that a command is run in; a command of nobody's agent begins one of its own.

        Args:
            pid: who runs it.
            context: tells agents.
            directory: where it is run, absolute.
        """
        known = self._outermost(pid)
        if known is not None:
            return self._began[known, ""]
        process = outermost_agents_process(pid, context)
        if process is None or process.pid in (1, pid):  # a command is no session
            return directory
        agent = (process.pid, process.started)
        self._note(agent, "", directory)
        return self._began[agent, ""]

    def _outermost(self, pid: int) -> _Process | None:
        """Of a process and its ancestors the outermost that is known: another agent that it starts moves no project."""
        if not self._began:
            return None
        found = None
        for process in ancestry.lineage(pid):
            if ((process.pid, process.started), "") in self._began:
                found = (process.pid, process.started)
        return found

    def _note(self, agent: _Process, session: str, directory: bytes) -> None:
        if (agent, session) in self._began:
            return
        if len(self._began) >= SESSIONS_MAX:
            self._forget_ended()
        while len(self._began) >= SESSIONS_MAX:
            del self._began[next(iter(self._began))]
        self._began[agent, session] = directory

    def _forget_ended(self) -> None:
        for key in list(self._began):
            (pid, started), _ = key
            process = ancestry.read(pid)
            if process is None or process.started != started:
                del self._began[key]


def _agent_of(pid: int) -> _Process | None:
    """The process that started a hook, past the shells between; None where that can't be an agent."""
    for process in ancestry.lineage(pid):
        if process.pid == pid or is_shell(process.pid):
            continue
        if process.pid == 1 or _program(process.pid) in _SUPERVISORS:
            return None
        return process.pid, process.started
    return None


def _program(pid: int) -> bytes:
    """The basename of a process's program; b"" where it can't be read."""
    try:
        return os.path.basename(os.readlink(b"/proc/%d/exe" % pid))
    except OSError:
        return b""
