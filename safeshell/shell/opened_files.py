"""Opened files: a line's commands are followed into the files that they run, as far as limits allow."""

from __future__ import annotations

import bisect
import os
import re
from collections.abc import Callable
from contextlib import nullcontext
from typing import Protocol

from safeshell.host.path_lookup import Programs
from safeshell.shell.encoding import encode
from safeshell.shell.limits import Deadline, OverrunError
from safeshell.shell.nested_commands import Found, NestedCommand, NestedFile, NestedText
from safeshell.shell.scope import Scope
from safeshell.shell.script_files import ScriptFile, ScriptFiles, reason
from safeshell.shell.scripts import files_run_by
from safeshell.shell.syntax.reader import parse
from safeshell.shell.syntax.tree import Script
from safeshell.shell.words import Word

DEPTH_MAX = 8
"""Files that run one another."""

_SYSTEM = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/")
"""Where the system's own programs are: what they are is known by their names, and nobody writes there by the way."""


class FileWalker(Protocol):
    """What walks the commands in files, as `safeshell.shell.run.Runner` does.

    Attributes:
        file: where the commands stand that are walked now, as `FILE:LINE`; "" where that is the line.
    """

    file: str

    def runs(self, answer: NestedCommand, scope: Scope, by: tuple[Word, ...]) -> None:
        """Walks a command that another runs."""

    def reads(self, answer: NestedText, scope: Scope, by: tuple[Word, ...]) -> None:
        """Walks a text that a command has a shell run."""

    def shell_of(self, answer: NestedText, scope: Scope, by: tuple[Word, ...]) -> Scope | None:
        """The shell that reads a text; None where its language isn't read here."""
        ...


class OpenedFiles:
    """Follows a line's commands into files.

    Args:
        files: reads them.
        deadline: the line's time; files have a budget of their own.
        read: walks a script.
    """

    def __init__(self, files: ScriptFiles, deadline: Deadline, read: Callable[[Script, Scope], None]) -> None:
        self._files = files
        self._deadline = deadline
        self._read = read
        self._stack: list[str] = []
        self._walked: set[tuple[object, ...]] = set()
        self._sources: dict[int, tuple[bytes, str, list[int]]] = {}

    def place(self, script: Script, offset: int) -> str:
        """Where something of a script stands, as `FILE:LINE`; "" where the script is no file's text."""
        found = self._sources.get(id(script.data))
        if found is None:
            return ""
        _, shown, starts = found
        return f"{shown}:{bisect.bisect_right(starts, offset)}"

    def follow(self, words: tuple[Word, ...], scope: Scope, walker: FileWalker) -> None:
        """Walks what a command runs of files."""
        if scope.apart or scope.guess:
            return
        for wanted in files_run_by(words, scope.dialect):
            places = scope.directories if wanted.directory is None else scope.at(wanted.directory)
            for directory in places:
                found = self._find(wanted, directory, scope)
                if found is not None:
                    self._walk(wanted, found, words, scope, walker)

    def write(self, target: Word, scope: Scope, text: str | None, *, adds: bool) -> None:
        """Notes that a redirection writes a file: what is run of it later is that.

        Args:
            target: the file.
            scope: the shell that opens it.
            text: what is written; None where only the run can tell.
            adds: whether that is behind what was in it.
        """
        if target.literal and not scope.apart:
            for directory in scope.directories:
                path = os.path.join(directory or "", target.literal)
                if path.startswith("/"):
                    self._files.write(path, text, adds=adds)

    def _find(self, wanted: NestedFile, directory: str | None, scope: Scope) -> Found | None:
        first = wanted.names[0]
        if first.startswith("/"):
            file = None if first.startswith(_SYSTEM) else self._files.read(first, wanted.accepts)
            return None if file is None else self._found(file, directory)
        level = directory if wanted.here else None
        while level is not None:
            for name in wanted.names:
                file = self._files.read(os.path.join(level, name), wanted.accepts)
                if file is not None:
                    return self._found(file, level)
            level = os.path.dirname(level) if wanted.upward and level != "/" else None
        if wanted.along_path and "/" not in first:
            path = _along_path(first, scope.value("PATH") or "")
            file = None if path.startswith(_SYSTEM) or not path else self._files.read(path, wanted.accepts)
            return None if file is None else self._found(file, directory)
        return None

    def _found(self, file: ScriptFile, directory: str | None) -> Found:
        def other(name: str) -> ScriptFile | None:
            path = os.path.join(directory or "", name)
            return self._files.read(path) if path.startswith("/") else None

        return Found(file, directory or "", other, self._deadline.check)

    def _walk(
        self, wanted: NestedFile, found: Found, words: tuple[Word, ...], scope: Scope, walker: FileWalker
    ) -> None:
        file = found.file
        key = (file, words, scope.directories, tuple(scope.changes.items()), scope.shims, scope.dialect)
        if self._stack.count(file.path) > 1:
            return  # it runs itself again and again
        if words[0].literal not in (".", "source"):
            if key in self._walked:
                return
            self._walked.add(key)
        if len(self._stack) >= DEPTH_MAX:
            self._files.leave(file.shown, f"{DEPTH_MAX} files run one another before it")
            return
        outer = walker.file
        try:
            with nullcontext() if self._stack else self._deadline.apart(self._files.budget):
                self._stack.append(file.path)
                try:
                    self._follow_all(wanted, found, words, scope, walker)
                finally:
                    self._stack.pop()
        except OverrunError as error:
            self._files.leave(file.shown, reason(error))
        except RecursionError:
            self._files.leave(file.shown, "it nests too deep")
        finally:
            walker.file = outer

    def _follow_all(
        self, wanted: NestedFile, found: Found, words: tuple[Word, ...], scope: Scope, walker: FileWalker
    ) -> None:
        for answer, place in wanted.runs(found):
            walker.file = place or found.file.shown
            if isinstance(answer, NestedCommand):
                walker.runs(answer, scope, words)
            elif place:
                walker.reads(answer, scope, words)
            else:
                self._script(answer, found.file, scope, words, walker)

    def _script(
        self, answer: NestedText, file: ScriptFile, scope: Scope, words: tuple[Word, ...], walker: FileWalker
    ) -> None:
        inner = walker.shell_of(answer, scope, words)
        if inner is None:
            return
        data = encode(file.text.replace("\0", ""))  # which shells pass over
        starts = [0, *[found.end() for found in re.finditer(rb"\n", data)]]
        try:
            with self._deadline.sooner(self._deadline.left / 2):  # what is read is judged, too
                script = parse(data, inner.dialect, limit=self._deadline.check)
        except OverrunError as error:
            if not isinstance(error.read, Script):
                raise
            script = error.read
            end = script.body.items[-1].end if script.body.items else 0
            self._files.leave(file.shown, f"{reason(error)}; line {bisect.bisect_right(starts, end)} is the last")
        if script.broken is not None:
            line = bisect.bisect_right(starts, script.broken.start)
            self._files.leave(file.shown, f"it can't be read as {inner.dialect.value} from line {line} on")
        self._sources[id(script.data)] = script.data, file.shown, starts
        self._read(script, inner)
        if answer.inside:
            # Every `activate` sets a PATH with the shims still on it; what follows isn't asked about for that.
            shims, away = scope.shims, scope.away
            scope.become(inner)
            scope.shims, scope.away = shims, away


def _along_path(name: str, path: str) -> str:
    """Where a file is along PATH, past every shim; "" where it isn't."""
    programs = Programs()
    for element in path.split(":"):
        found = os.path.join(element, name)
        try:
            if element.startswith("/") and not programs.is_shim(encode(found), os.stat(found)):
                return found
        except (OSError, ValueError):
            continue
    return ""
