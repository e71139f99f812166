"""Programs that run others: which of them run what, each by a reader of its own kind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from safeshell.command.programs.find import EXECUTING
from safeshell.command.programs.git import GLOBAL_OPTIONS, REBASE
from safeshell.command.programs.wrappers import WRAPPERS
from safeshell.shell.nested_commands import Input, Nested, NestedCommand, joined
from safeshell.shell.shells import SHELLS, eval_text, input_text, shell_text, source_text, trap_text
from safeshell.shell.words import Word, unknown
from safeshell.shell.wrapped import WordReading, filled, run_by_xargs, wrapped

_UNCHANGED: Mapping[str, Word | None] = MappingProxyType({})


def nested(
    words: Sequence[Word],
    stdin: Input | None,
    *,
    changes: Mapping[str, Word | None] = _UNCHANGED,  # noqa: ARG001 # variables that are commands come with their data
) -> Iterator[Nested]:
    """What a command runs in turn.

    Args:
        words: the command; its first word is known.
        stdin: what it reads, None where it is the caller's own input.
        changes: the variables that the line gives it; None for one that it takes away.
    """
    name = os.path.basename(words[0].literal or "")
    special = _SPECIAL.get(name)
    if special is not None:
        yield from special(list(words), stdin)
    elif name in SHELLS:
        yield from shell_text(list(words), stdin)
    elif name in WRAPPERS:
        yield from wrapped(name, list(words), stdin)


def _find(words: list[Word], _stdin: Input | None) -> Iterator[Nested]:
    """Of find and fd: the command after -exec and its kin, `{}` being a file."""
    starts = EXECUTING[os.path.basename(words[0].literal or "")]
    at = 1
    while at < len(words):
        if words[at].literal in starts:
            end = at + 1
            while end < len(words) and words[end].literal != ";":
                if words[end].literal == "+" and words[end - 1].literal == "{}":
                    break
                end += 1
            found = [filled(word, "{}", unknown("{}", several=False)) for word in words[at + 1 : end]]
            if found:
                where = unknown("{}") if words[at].literal in ("-execdir", "-okdir") else None
                yield NestedCommand(tuple(found), where)
            at = end
        at += 1


def _git(words: list[Word], _stdin: Input | None) -> Iterator[Nested]:
    """Git's options taken off, aliases given on the line, and the subcommands that run commands."""
    reading = WordReading(words, GLOBAL_OPTIONS)
    if not reading.read():
        return
    rest = reading.words[reading.at :]
    if not rest:
        return
    if len(rest) < len(words) - 1:
        where = reading.values(("-C",))
        yield NestedCommand((words[0], *rest), where[-1] if len(where) == 1 else unknown("-C") if where else None)
        return
    verb = rest[0].literal
    if verb in ("bisect", "submodule") and len(rest) > 2 and rest[1].literal in ("run", "foreach"):
        following = [word for word in rest[2:] if word.literal not in ("--recursive", "-q", "--quiet")]
        yield joined(following) if verb == "submodule" else NestedCommand(tuple(following))
    elif verb == "rebase":
        rebase = WordReading(rest, REBASE)
        rebase.read()
        yield from [joined([text]) for text in rebase.values(("-x", "--exec"))]


_SPECIAL: dict[str, Callable[[list[Word], Input | None], Iterator[Nested]]] = {
    "eval": eval_text,
    "trap": trap_text,
    "source": source_text,
    ".": source_text,
    "at": input_text,
    "batch": input_text,
    "xargs": run_by_xargs,
    "git": _git,
    **dict.fromkeys(EXECUTING, _find),
}
