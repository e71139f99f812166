"""Lines that hooks ask about: what an agent is told where a rule has something else run instead."""

from __future__ import annotations

import os
import shlex
from typing import Any

from safeshell.command.command_line import block, unblock
from safeshell.command.redirect_target import target_arguments
from safeshell.policy.decision import Action
from safeshell.shell.caller import LineCaller, as_bytes
from safeshell.shell.judge import LineJudgement
from safeshell.shell.judge_command import Judged, unseen


def told_to_hook(judged: LineJudgement, caller: LineCaller) -> dict[str, Any]:
    """What a redirect comes to for who can only let a line run or not.

    Returns:
        `instead`: what to run in the first such command's place, as a shell line; None where that can't be told.
        `replaced`: whether shims will replace every such command while the line runs.
    """
    found = [one for one in judged.commands if one.decision.action is Action.REDIRECT]
    return {
        "instead": _instead(found[0]) if found else None,
        "replaced": all(one.command is not None and not unseen(one.command, caller) for one in found),
    }


def _instead(judged: Judged) -> str | None:
    command = judged.command
    if command is None or not judged.decision.redirect_to:
        return None
    words = [word.literal for word in command.words]
    if not words or None in words:
        return None
    argv = block([as_bytes(word) for word in words if word is not None])
    return shlex.join(map(os.fsdecode, unblock(target_arguments(judged.decision.redirect_to, argv))))
