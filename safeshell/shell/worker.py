"""Worker that judges shell lines for a daemon, one after another: `python -I -m safeshell.shell.worker HOME`.

The shell parser is C code that is fed what agents write: it may crash, or not come back. So it lives in a process that
the daemon can do without.

Both ways go frames (`safeshell.shell.frames`). A request (`LineRequest`) is answered with `{"begun": true}`
once the tables are there, so that the daemon's clock measures the line only; then with the object that
`safeshell check -c --json` prints, or with `{"error": reason}`. It ends when its input does.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, TypedDict, cast

from safeshell.errors import SafeShellError, TableError
from safeshell.home.paths import Home
from safeshell.host.path_lookup import Programs
from safeshell.policy.context import Context
from safeshell.policy.evaluator import LoadedTable
from safeshell.policy.store.reading import read_current
from safeshell.policy.table import Table
from safeshell.shell.frames import frame, read
from safeshell.shell.judge import LineCaller, judge_line
from safeshell.shell.judge_command import variables_of

TABLES_MAX = 64
"""Tables kept; one a repository in use, and the user's."""


class LineRequest(TypedDict):
    """A line to judge. Bytes travel as Latin-1, a character each.

    Attributes:
        line: it.
        environment: the caller's, as a block.
        directory: where it runs, absolute.
        markers: variables that tell an agent.
        rules: the rules files whose tables are in force.
        tables: digest and root of each table in force, in order of precedence.
    """

    line: str
    environment: str
    directory: str
    markers: list[str]
    rules: list[str]
    tables: list[tuple[str, str]]


class Tables:
    """The tables that requests name, read from `tables.lmdb` once each."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._loaded: dict[tuple[str, str], LoadedTable] = {}

    def get(self, rules: list[str], wanted: list[tuple[str, str]]) -> list[LoadedTable]:
        """The tables of these digests and roots.

        Raises:
            TableError: one isn't published, or can't be trusted.
        """
        if any(key not in self._loaded for key in wanted):
            if len(self._loaded) >= TABLES_MAX:
                self._loaded.clear()
            found = {
                current.digest: sections for current, sections in read_current(self._home.tables, rules)[0].values()
            }
            for digest, root in wanted:
                if digest not in found:
                    raise TableError(
                        f"the rules in force are not in {self._home.tables}", hint="run `safeshell compile`"
                    )
                self._loaded.setdefault((digest, root), LoadedTable(Table(found[digest], root)))
        return [self._loaded[key] for key in wanted]


def main() -> None:
    """Answers requests until there are no more."""
    home = Home(sys.argv[1])
    tables = Tables(home)
    for request in _requests(sys.stdin.buffer):
        try:
            wanted = [(digest, root) for digest, root in request["tables"]]
            loaded = tables.get(request["rules"], wanted)
            _send(sys.stdout.buffer, {"begun": True})
            answer = judge_line(_text(request["line"]), _caller(request, loaded, home)).to_json()
        except SafeShellError as error:
            answer = {"error": error.message}
        _send(sys.stdout.buffer, answer)


def _requests(stream: BinaryIO) -> Iterator[LineRequest]:
    while (request := read(stream)) is not None:
        yield cast(LineRequest, request)


def _send(stream: BinaryIO, answer: Mapping[str, Any]) -> None:
    stream.write(frame(answer))
    stream.flush()


def _text(characters: str) -> str:
    return os.fsdecode(characters.encode("latin-1"))


def _caller(request: LineRequest, tables: list[LoadedTable], home: Home) -> LineCaller:
    environment = variables_of(_text(request["environment"]).split("\0"))
    directory = _text(request["directory"])
    shimmed = _shimmed(environment.get("PATH", ""), directory, home)
    return LineCaller(tables, environment, directory, Context(request["markers"]), shimmed)


def _shimmed(path: str, directory: str, home: Home) -> Callable[[str], bool] | None:
    """Tells whether a name leads to a shim along a PATH; None where the home's shims aren't on it."""
    if home.shims not in [os.path.join(directory, entry) for entry in path.split(":")]:
        return None

    programs = Programs()

    def shimmed(name: str) -> bool:
        first = _First()
        programs.find(os.fsencode(name), os.fsencode(path), os.fsencode(directory), first)
        return os.path.dirname(first.path) == os.fsencode(home.shims)

    return shimmed


class _First:
    """The first program on PATH, shim or not."""

    def __init__(self) -> None:
        self.path = b""

    def not_executable(self, path: bytes) -> None:
        pass

    def program(self, path: bytes, status: os.stat_result) -> None:
        if not self.path and stat.S_ISREG(status.st_mode):
            self.path = path


if __name__ == "__main__":
    main()
