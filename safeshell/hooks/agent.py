"""An agent's hook as data: where its envelope has what, and how it is told what was decided.

Each agent has a file in `safeshell.hooks.agents`. The native hook program has the answers that it gives by itself from
there, too (`docs/hook_table.py`).
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import shlex
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

from safeshell.hooks.file_tools import FileTools

REASON = "{reason}"
"""Stands in an answer for the reason."""

QUOTED = "{quoted}"
"""Stands in an answer for the reason as one word of a shell."""

SAYS_WHY = f"printf '%s\\n' {QUOTED} >&2; exit 126"
"""A shell line that does nothing but tell the model why another did not run."""

INPUT = "{input}"
"""Stands in an answer for what the tool is given, with another line in it."""

NTH = "{nth}"
"""Stands in an answer for what no other answer has."""

LINE, QUOTED_LINE = "{line}", "{quoted line}"
"""Stand in what an agent has its shell run for the line, and for the line as one word of a shell."""

_COUNT = itertools.count(1)

Path = tuple[str, ...]
"""Keys from an object to a value in it."""

NAMES = (
    *("claude-code", "codex", "gemini", "opencode", "qwen", "cline", "copilot"),
    *("cursor", "windsurf", "kiro", "antigravity", "vscode", "crush"),
)
"""The agents that have a file."""


class Answer(NamedTuple):
    """What the hook writes, and how it ends.

    Attributes:
        stdout: an object, in whose texts the reason has its place; None: nothing.
        stderr: whether the reason goes to stderr.
        status: the exit status.
    """

    stdout: Mapping[str, Any] | None = None
    stderr: bool = False
    status: int = 0


class Written(NamedTuple):
    """An answer with its reason."""

    stdout: bytes
    stderr: bytes
    status: int


BLOCK = Answer(stderr=True, status=2)
"""The exit status that most agents take for a denial, with the reason on stderr."""


class Shape(NamedTuple):
    """A form that an agent's envelope has.

    Attributes:
        event: where the event's name stands, and the names that it may have; no names: it stands nowhere.
        tool: where the tool's name stands; nothing where the event says it.
        lines: where the line may stand: a text, or a list of them. The first that is there counts.
        directories: where the line's directory may stand: each that is there is relative to the one before.
        session: where the session's name stands.
        flattened: whether a list of lines may stand there as the text of its JSON.
        deny: how a denial is told to who sends this form, where it isn't as the agent has it.
        rewrite: how it is told to run another line, its own prompts kept; None where it has no way.
    """

    event: tuple[Path, frozenset[str]]
    tool: Path
    lines: tuple[Path, ...]
    directories: tuple[Path, ...] = ()
    session: Path = ()
    flattened: bool = False
    deny: Answer | None = None
    rewrite: Answer | None = None

    @property
    def given(self) -> Path:
        """Where the tool's input stands: the lines are in it."""
        return self.lines[0][:-1]


class LinesPath(Enum):
    """The PATH of an agent's lines: known of agents that were seen live, in the versions of docs/agents.md."""

    KEPT = "that of the agent"
    LOGIN = "a login shell's, bash's"
    UNKNOWN = "not seen"


class Agent(NamedTuple):
    """An agent's hook.

    Attributes:
        name: as in `agent_in`, and as the hook program is told it.
        shapes: the forms of its envelope; the first that fits counts.
        shell_tools: those that run a shell line, in small letters.
        deny: how a denial is told.
        closed: the same by the hook program itself, where nobody can be asked.
        allow: how it is told to go on as it would have without a hook, its own prompts included.
        ask: how it is told to ask its own person, who has to answer whatever the agent is allowed to do by itself; None
            where it doesn't ask, or hasn't been seen to.
        within: how a line stands in the text that the agent has its shell run; nothing where it is that text.
        limit_s: seconds that the agent is to give the hook, for it to wait for a person.
        users_shell: whether the line is read by the shell that SHELL names; else by bash.
        lines_path: which PATH its lines have.
        path_before: directories that it puts before that.
        file_tools: those that write or read files; all others pass as they are.
        patches_in_lines: whether it applies a patch itself where a line says `apply_patch`, and runs no such line.
        deny_files: how a denial of one of those is told, where it isn't as of a line.
    """

    name: str
    shapes: tuple[Shape, ...]
    shell_tools: frozenset[str]
    deny: Answer
    closed: Answer
    allow: Answer = Answer()
    ask: Answer | None = None
    within: str = LINE
    limit_s: int = 120
    users_shell: bool = False
    lines_path: LinesPath = LinesPath.UNKNOWN
    path_before: tuple[str, ...] = ()
    file_tools: FileTools = MappingProxyType({})
    patches_in_lines: bool = False
    deny_files: Answer | None = None


def agent_of(name: str) -> Agent | None:
    """The agent of this name; None where there is none."""
    if name not in NAMES:
        return None
    found: Agent = importlib.import_module(f"safeshell.hooks.agents.{name.replace('-', '_')}").AGENT
    return found


def write(answer: Answer, reason: str = "", tools_input: Mapping[str, Any] | None = None) -> Written:
    """An answer as the agent is given it; the reason has no end of line, and may have some in it.

    Args:
        answer: its form.
        reason: of a denial.
        tools_input: what the tool is to be given instead.
    """
    filled = answer.stdout and _filled(answer.stdout, reason, tools_input)
    stdout = b"" if filled is None else json.dumps(filled).encode() + b"\n"
    stderr = f"{reason}\n".encode("utf-8", "replace") if answer.stderr else b""
    return Written(stdout, stderr, answer.status)


def _filled(value: Any, reason: str, tools_input: Mapping[str, Any] | None) -> Any:
    if value == INPUT:
        return tools_input
    if isinstance(value, str):
        value = value.replace(NTH, f"{os.getpid()}.{next(_COUNT)}") if NTH in value else value
        return value.replace(REASON, reason) if REASON in value else value.replace(QUOTED, shlex.quote(reason))
    if isinstance(value, Mapping):
        return {key: _filled(each, reason, tools_input) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_filled(each, reason, tools_input) for each in value]
    return value


def holds_line(agent: Agent, text: bytes, line: bytes) -> bool:
    """Whether a text that an agent's shell was given to run is this line, as the agent puts it there."""
    if agent.within == LINE:
        return text == line
    found = line
    mark = LINE if LINE in agent.within else QUOTED_LINE
    if mark == QUOTED_LINE:
        found = b"'" + line.replace(b"'", b"'\"'\"'") + b"'"
    before, _, after = agent.within.partition(mark)
    return before.encode() + found + after.encode() in text


def dialect_of(agent: Agent, shell: bytes | None) -> str:
    """The name of the shell that reads an agent's lines; `shell` is the user's."""
    named = os.path.basename(os.fsdecode(shell or b""))
    return named if agent.users_shell and named in ("sh", "zsh") else "bash"
