"""A file among an agent's settings that is ours as a whole: a plugin, an executable, a list of hooks with one in it."""

from __future__ import annotations

import json
import re
from typing import Any

from safeshell.hooks.wiring import json_edit
from safeshell.hooks.wiring.agent import COMMAND, PROGRAM, WholeFile
from safeshell.hooks.wiring.json_settings import Found
from safeshell.hooks.wiring.json_tree import BrokenError
from safeshell.hooks.wiring.notes import Note
from safeshell.hooks.wiring.ours import called, command, filled, programs

_LITERAL = re.compile(r'"/(?:[^"\\\n]|\\.)*/safeshell-hook"')
"""The program's path in JavaScript."""


class OwnFile:
    """A file's text, whoever wrote it.

    Args:
        text: all of it.
        wiring: what it should be.
        agent: the agent's name.

    Attributes:
        text: as it is after the edits so far.
    """

    def __init__(self, text: str, wiring: WholeFile, agent: str) -> None:
        self.text = text
        self._wiring = wiring
        self._agent = agent

    @property
    def value(self) -> Any:
        """No other settings are in it."""
        return None

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing in it."""
        return not self.text

    def ours(self, program: str | None = None) -> list[Found]:
        """The file, where it calls the hook program, that at the path where one is named."""
        found = self._called()
        return [Found(0, None, self.text)] if found and program in (None, *found) else []

    def _called(self) -> list[str]:
        try:
            found = programs(json.loads(self.text), self._agent)
        except ValueError:
            found = []
        lines = self.text.splitlines()
        found += [path for line in lines if (path := called(line, self._agent))]
        return found or [json.loads(literal) for literal in _LITERAL.findall(self.text)]

    def wanted(self, program: str) -> Any:
        """The text that calls the hook program at a path."""
        shown = command(program, self._agent)
        if isinstance(self._wiring.text, str):
            return self._wiring.text.replace(COMMAND, shown).replace(PROGRAM, json.dumps(program))
        return json_edit.fresh(filled(self._wiring.text, shown))

    def put(self, program: str, note: Note) -> None:
        """Becomes what it should be.

        Raises:
            BrokenError: it is another's.
        """
        if self.text and not self.ours():
            raise BrokenError(0, "another hook of that name is there")
        note.made = "" if note.made is None else note.made
        self.text = note.entry = self.wanted(program)

    def take(self, program: str | None, note: Note | None) -> bool:
        """Becomes nothing.

        Returns:
            Whether it was anything of ours.

        Raises:
            BrokenError: somebody has changed it since it was written.
        """
        found = self.ours(program)
        if found:
            written = [note.entry if note else None, *map(self.wanted, self._called())]
            if self.text not in written:
                raise BrokenError(0, "it was changed since it was written: remove it by hand")
            self.text = ""
        return bool(found)
