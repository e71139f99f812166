"""Notes of what was written into agents' settings, so that it can be taken out: `hooks/installed.json` in the home."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.home.writing import write_atomically

_VERSION = 1


@dataclass(slots=True)
class Note:
    """What was put into one file for one agent.

    Attributes:
        agent: its name.
        scope: user or project.
        path: the file, as its agent names it.
        made: what the file was before, where it held no settings: blanks; None where it held some, "absent" where
            there was none.
        directories: those that were made for it.
        created: keys that lead to containers which were made for the entry, the outermost first.
        blanks: what stood in a container that was empty: (keys, blanks).
        frame: members of the document that were put beside.
        beside: names of what was in the document then.
        entry: what was written: the entry, or the text of a file that is ours.
        trust: a text that the agent's own program added to a file, by that file's path.
        trust_made: whether it made the file.
    """

    agent: str
    scope: str
    path: str
    made: str | None = None
    directories: list[str] = field(default_factory=list)
    created: list[list[str]] = field(default_factory=list)
    blanks: list[tuple[list[str], str]] = field(default_factory=list)
    frame: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    entry: Any = None
    trust: dict[str, str] = field(default_factory=dict)
    trust_made: bool = False


class Notes:
    """All of a home's notes.

    Args:
        home: whose.

    Raises:
        SafeShellError: they can't be read.
    """

    def __init__(self, home: Home) -> None:
        self._path = os.path.join(home.hooks, "installed.json")
        self._notes = _read(self._path)

    def all(self) -> list[Note]:
        """All, in the order in which they were made."""
        return list(self._notes)

    def find(self, agent: str, path: str) -> Note | None:
        """The note of a file."""
        return next((note for note in self._notes if (note.agent, note.path) == (agent, path)), None)

    def of_file(self, path: str) -> list[Note]:
        """The notes of all agents that read one file."""
        return [note for note in self._notes if note.path == path]

    def keep(self, note: Note) -> None:
        """Keeps a note in place of an older one of the same file."""
        self.drop(note)
        self._notes.append(note)
        self._write()

    def drop(self, note: Note) -> None:
        """Forgets a file."""
        left = [one for one in self._notes if (one.agent, one.path) != (note.agent, note.path)]
        if len(left) != len(self._notes):
            self._notes = left
            self._write()

    def _write(self) -> None:
        text = json.dumps({"version": _VERSION, "files": [asdict(note) for note in self._notes]}, indent=1)
        try:
            if self._notes:
                write_atomically(self._path, text.encode(), 0o600)
            else:
                os.unlink(self._path)
        except OSError as error:
            raise SafeShellError(f"can't write {self._path}: {error.strerror}") from error


def _read(path: str) -> list[Note]:
    known = {field.name for field in fields(Note)}
    try:
        with open(path, encoding="utf-8") as stream:
            found = json.load(stream)
        if found["version"] != _VERSION:
            raise SafeShellError(f"{path} is of another version of SafeShell", hint="upgrade")
        return [Note(**{key: value for key, value in row.items() if key in known}) for row in found["files"]]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SafeShellError(f"can't read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SafeShellError(f"{path} is damaged", hint="move it away; entries are found by what they call") from error


@contextlib.contextmanager
def held(home: Home) -> Iterator[Notes]:
    """The notes, for as long as nobody else may change them or any settings; their directory goes once it is empty.

    Raises:
        SafeShellError: the directory can't be made or the notes can't be read.
    """
    descriptor = _lock(home)
    try:
        yield Notes(home)
    finally:
        with contextlib.suppress(OSError):  # the hook program is there, or notes are
            os.rmdir(home.hooks)
        os.close(descriptor)


def _lock(home: Home) -> int:
    """A descriptor of the directory, locked."""
    while True:
        try:
            os.makedirs(home.hooks, mode=0o700, exist_ok=True)
            descriptor = os.open(home.hooks, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise SafeShellError(f"can't make {home.hooks}: {error.strerror}") from error
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), os.stat(home.hooks)):
                return descriptor
        os.close(descriptor)  # whoever held it has removed it
