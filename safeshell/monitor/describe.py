"""Description in full of a command that waits."""

from __future__ import annotations

import re

from rich.text import Text

from safeshell.monitor.entry import PendingEntry, countdown

COMMAND_MAX = 20_000
"""Characters of a command that are shown; of a longer one its beginning and its end."""


_BLANKS = re.compile(r"\s{4,}")


def spell_blanks(words: str) -> str:
    """A text with its longer runs of blanks in words: a line that is wrapped would hide how many there are."""
    return _BLANKS.sub(lambda run: f" ⟨{len(run[0])} blanks⟩ ", words)


def is_shown_whole(entry: PendingEntry) -> bool:
    """Whether nothing is left out of what `describe` says of a request."""
    return not entry.is_cut and max(len(entry.command), len(entry.subject)) <= COMMAND_MAX


def describe(entry: PendingEntry, now: float) -> Text:
    """Lines about a request."""
    text = Text()
    text.append(spell_blanks(_shortened(entry.command)), "bold")
    if entry.subject != entry.command:
        text.append("\n    as ", "dim").append(spell_blanks(_shortened(entry.subject)))
    if entry.is_cut:
        text.append("\n   cut ", "dim").append("it is too long to be shown whole, and can't be approved", "bold red")
    text.append("\n    in ", "dim").append(spell_blanks(entry.directory))
    if entry.branch:
        text.append("\nbranch ", "dim").append(entry.branch)
    text.append("\n  rule ", "dim").append(entry.rule).append(f" ({entry.source})", "dim")
    text.append("\n       ").append(entry.message)
    text.append("\n asked ", "dim").append(f"by {entry.who}, {countdown(entry.seconds_left(now))} left")
    return text


def _shortened(command: str) -> str:
    if len(command) <= COMMAND_MAX:
        return command
    half = COMMAND_MAX // 2
    left_out = len(command) - COMMAND_MAX
    return f"{command[:half]} … {left_out} characters left out, `safeshell approvals list` has them … {command[-half:]}"
