"""Description in full of a command that waits."""

from __future__ import annotations

from rich.text import Text

from safeshell.monitor.entry import PendingEntry, countdown

COMMAND_MAX = 20_000
"""Characters of a command that are shown; of a longer one its beginning and its end."""


def describe(entry: PendingEntry, now: float) -> Text:
    """Lines about a request."""
    text = Text()
    text.append(_shortened(entry.command), "bold")
    if entry.subject != entry.command:
        text.append("\n    as ", "dim").append(_shortened(entry.subject))
    text.append("\n    in ", "dim").append(entry.directory)
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
