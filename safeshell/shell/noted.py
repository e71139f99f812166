"""The commands of a line, each noted once for each place and directory."""

from __future__ import annotations

from safeshell.shell.limits import OverrunError
from safeshell.shell.walked import LineCommand

COMMANDS_MAX = 4096
"""Commands of a line, and as many of the files that it runs."""


class Noted:
    """What was noted of a line.

    Args:
        commands: where commands are added.
    """

    def __init__(self, commands: list[LineCommand]) -> None:
        self._commands = commands
        self._in_files = 0
        self._seen: dict[tuple[int, int], dict[tuple[object, ...] | None, int]] = {}

    def add(self, found: LineCommand) -> int:
        """Adds a command; returns its index, or that of one that is the same.

        Raises:
            OverrunError: there are too many.
        """
        commands = self._commands
        count = len(commands)
        seen = self._seen.get(found.place)
        if seen is None:  # most: no other to compare it with, so none of its words is hashed
            self._seen[found.place] = {None: count}
        else:
            first = seen.pop(None, None)
            if first is not None:
                seen[_alike(commands[first])] = first
            known = seen.setdefault(_alike(found), count)
            if known != count:
                return known
        counted = self._in_files if found.file else count - self._in_files
        if counted >= COMMANDS_MAX:
            raise OverrunError(f"it has more than {COMMANDS_MAX} commands")
        self._in_files += bool(found.file)
        commands.append(found)
        return count


def _alike(command: LineCommand) -> tuple[object, ...]:
    """What two commands at one place are the same by."""
    written = None if command.written is command.words else command.written  # most are one, and each word is hashed
    return (command.words, written, tuple(command.changes.items()), command.directory, *command[5:])
