"""Who asks, a person or an agent: by the kernel's word, never by a message's alone."""

from __future__ import annotations

import os
from collections.abc import Iterator

from safeshell.errors import TableError
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.host.process import ancestry
from safeshell.policy.context import Context
from safeshell.policy.store.reading import read_current

_PROGRAMS = {
    "antigravity": "agy",
    "augment": "auggie",
    "claude-code": "claude",
    "codex": "codex",
    "copilot": "copilot",
    "crush": "crush",
    "cursor": "cursor-agent",
    "gemini": "gemini",
    "goose": "goose",
    "kiro": "kiro-cli",
    "opencode": "opencode",
    "qwen": "qwen",
}
"""Agents' own programs, which mark what they run and not themselves: `bash -c 'unset CODEX_CI; touch x'` replaces the
shell that had the marker by `touch`, and the agent is all that is left of it."""

_INTERPRETERS = ("node", "bun", "deno", "python")


def agents_process(pid: int, context: Context) -> int:
    """The process that shows that another is an agent's; 0 where none does, and so a person's.

    It is one that was started with an agent's environment or is an agent's own program: the process itself, one that it
    descends from, or one that the leader of its session descends from. The last tells of what was put in the
    background by a shell that has ended, and descends from nobody any more.

    Args:
        pid: who asks.
        context: tells an agent by an environment.
    """
    programs = {_PROGRAMS.get(agent) for agent in context.agents}
    for process in kin(pid):
        if context.is_ai(ancestry.environment(process.pid)) or not programs.isdisjoint(_programs(process.pid)):
            return process.pid
    return 0


def outermost_agents_process(pid: int, context: Context) -> ancestry.Process | None:
    """Of a process and its ancestors the outermost that shows an agent, as `agents_process` goes by; else None."""
    programs = {_PROGRAMS.get(agent) for agent in context.agents}
    found = None
    for process in ancestry.lineage(pid):
        if context.is_ai(ancestry.environment(process.pid)) or not programs.isdisjoint(_programs(process.pid)):
            found = process
    return found


def what_shows(agent: int, context: Context) -> str:
    """What `agents_process` went by, in words that follow "process N"."""
    if context.is_ai(ancestry.environment(agent)):
        return "was started with an agent's environment"
    return "is an agent's program"


def _programs(pid: int) -> set[str | None]:
    """What a process may be called: by its file's name, or that of the script that it runs."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            words = stream.read(4096).split(b"\0")[:2]
    except OSError:
        return set()
    first, *rest = [os.path.basename(os.fsdecode(word)) for word in words]
    scripts = rest if first.startswith(_INTERPRETERS) else []
    return {first, *(os.path.splitext(name)[0] for name in scripts)}


def kin(pid: int) -> Iterator[ancestry.Process]:
    """A process and its ancestors, then the leader of its session and the ancestors of that, each once."""
    seen = set()
    session = 0
    for process in ancestry.lineage(pid):
        session = session or process.session
        seen.add(process.pid)
        yield process
    for process in ancestry.lineage(session) if session else ():
        if process.pid in seen:
            return
        yield process


def agent_asks(home: Home) -> int:
    """Whether an agent runs this very process: `agents_process` of it, by the markers that are in force in a home.

    What this process has put into its own environment meanwhile counts, too.
    """
    context = Context(markers(home))
    own = b"".join(b"\0" + name + b"=" + value for name, value in os.environb.items()) + b"\0"
    return os.getpid() if context.is_ai(own) else agents_process(os.getpid(), context)


def markers(home: Home) -> tuple[str, ...]:
    """The variables that tell an agent, as they were last published; the known ones where nothing can be read."""
    try:
        return Settings.from_json(read_current(home.tables, [])[1]).markers
    except TableError:
        return Settings().markers
