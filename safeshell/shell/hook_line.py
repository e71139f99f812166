"""Lines that hooks ask about: what an agent is told where a rule has something else run, and what is approved."""

from __future__ import annotations

import os
import re
import shlex
import sys
from typing import Any

from safeshell.command.command_line import block, unblock
from safeshell.command.redirect_target import target_arguments
from safeshell.command.unwrap import spellings
from safeshell.policy.decision import Action
from safeshell.shell.caller import LineCaller, as_bytes
from safeshell.shell.judge import LineJudgement, judge_line
from safeshell.shell.judge_command import Judged, unseen
from safeshell.text import text

_PLAIN = re.compile(r"""[\w./:@%+,='" -]*""", re.ASCII)
"""A line of which a shell makes what `shlex.split` does, but for what it calls a reserved word or an assignment."""

_TRASH = os.path.join(os.path.dirname(sys.executable), "safeshell-trash")
"""The target that comes with SafeShell: the agent's PATH may not lead to it."""


def told_to_hook(line: str, judged: LineJudgement, caller: LineCaller) -> dict[str, Any]:
    """What a redirect comes to for who can only let a line run or not, and what an approval of it is about.

    Returns:
        `asked`: of each command that needs approval, as far as its words are known, what the daemon holds against what
            then asks to run: `runs`, `rules`, `tables`, `last` (`safeshell.daemon.approvals.lines.ApprovedCommand`).
        `instead`: what to run in the first such command's place, as a shell line; None where that can't be told.
        `replaced`: whether shims will replace every such command while the line runs.
        `rewritten`: the line to run in the place of this one; None where that can't be told, or rules let that not run.
    """
    found = [one for one in judged.commands if one.decision.action is Action.REDIRECT]
    end = max([one.place[1] for one in judged.commands], default=0)
    asked = [(one, _asked(one, caller)) for one in judged.commands]
    return {
        "asked": [{**told, "last": one.place[1] == end} for one, told in asked if told is not None],
        "instead": _instead(found[0]) if found else None,
        "rewritten": _rewritten(line, judged, caller) if found else None,
        "replaced": all(one.command is not None and not unseen(one.command, caller) for one in found),
    }


def _rewritten(line: str, judged: LineJudgement, caller: LineCaller) -> str | None:
    """What a line that is one plain command becomes; of any other, what is left of it would have to be kept."""
    if len(judged.commands) != 1 or not _PLAIN.fullmatch(line):
        return None
    (one,) = judged.commands
    try:
        is_plain = one.command is not None and shlex.split(line) == [word.literal for word in one.command.words]
    except ValueError:  # a quotation without an end
        return None
    instead = _instead(one) if is_plain else None
    if instead is None:
        return None
    name, *_ = instead.split(" ", 1)
    found = shlex.quote(_TRASH) + instead[len(name) :] if name == os.path.basename(_TRASH) else instead
    return found if judge_line(found, caller).decision.action is Action.ALLOW else None


def _asked(judged: Judged, caller: LineCaller) -> dict[str, Any] | None:
    command, decision = judged.command, judged.decision
    rules = [(one.rule, one.source) for one in decision.matched if one.action is Action.REQUIRE_APPROVAL]
    if decision.action is not Action.REQUIRE_APPROVAL or not rules or command is None or command.directory is None:
        return None
    words = [word.literal for word in command.words]
    if not words or words[0] is None or None in words:
        return None
    argv = block([as_bytes(word) for word in words if word is not None])
    name = text(as_bytes(os.path.basename(words[0])))
    found = spellings(name, argv, caller.asker, os.fsencode(os.path.realpath(command.directory)))
    return {
        "runs": [
            (spelling.arguments.decode("latin-1"), spelling.directory.decode("latin-1"))
            for spelling in found
            if spelling.directory is not None
        ],
        "rules": rules,
        "tables": decision.tables,
    }


def _instead(judged: Judged) -> str | None:
    command = judged.command
    if command is None or command.file or not judged.decision.redirect_to:
        return None
    words = [word.literal for word in command.words]
    if not words or None in words:
        return None
    argv = block([as_bytes(word) for word in words if word is not None])
    return shlex.join(map(os.fsdecode, unblock(target_arguments(judged.decision.redirect_to, argv))))
