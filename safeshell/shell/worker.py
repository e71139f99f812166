"""Worker that judges shell lines and reads envelopes for a daemon, in turn: `python -I -m safeshell.shell.worker HOME`.

The shell parser is C code that is fed what agents write: it may crash, or not come back. So it lives in a process that
the daemon can do without.

Both ways go frames (`safeshell.shell.frames`). A request (`LineRequest`) is answered with `{"begun": true}`
once the tables are there, so that the daemon's clock measures the line only; then with the object that
`safeshell check -c --json` prints, with `{"wanted": rules}` where commands of the line run under other repositories'
rules, for the daemon to ask again with those, or with `{"error": reason}`. An envelope (`EnvelopeRequest`) is answered
by `{"call": …}`, by `{"unjudged": reason}` where its line is too long, or such an error. It ends when its input does.
"""

from __future__ import annotations

import errno
import gc
import itertools
import os
import select
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, BinaryIO, TypedDict, cast

from safeshell.command.unwrap import FileWorld, Spelling
from safeshell.errors import SafeShellError, TableError
from safeshell.home.paths import Home
from safeshell.home.repository_rules import find_rules
from safeshell.host.path_lookup import Programs
from safeshell.policy.context import Context, HookContext
from safeshell.policy.store.memory import SealedSections
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable
from safeshell.policy.world import FileUse
from safeshell.shell.files import judge_files, shown_call, stricter
from safeshell.shell.frames import frame, take
from safeshell.shell.hook_line import told_to_hook
from safeshell.shell.judge import LineCaller, judge_line
from safeshell.shell.judge_command import variables_of
from safeshell.shell.syntax.tree import Dialect
from safeshell.shell.warming import warm

TABLES_MAX = 64
"""Tables kept; one a repository in use, and the user's."""


class LineRequest(TypedDict):
    """A line to judge. Bytes travel as Latin-1, a character each.

    Attributes:
        line: it.
        environment: the caller's, as a block.
        directory: where it runs, absolute.
        markers: variables that tell an agent.
        agent: whose hook asks; "" where none does.
        acts: whether who asks will run the line or not, by the answer.
        tables: digest, root and memory file of each table in force, in order of precedence.
        rules: the repositories' rules that are among them, by their paths.
        elsewhere: the same two for other directories that commands of the line run in or are about, as far as the
            daemon was asked for them.
        shell: the shell that reads it, by the name of a `Dialect`.
        files: of a call of an agent's file tool the files, as `FileUse` has them; None of most lines.
        is_line: whether `line` is one, and the files are what it patches; else it is the call in words.
        session: where the session began; "" where that is the directory.
    """

    line: str
    environment: str
    directory: str
    markers: list[str]
    agent: str
    acts: bool
    tables: list[tuple[str, str, str]]
    rules: list[str]
    elsewhere: list[tuple[list[str], list[tuple[str, str, str]]]]
    shell: str
    files: dict[str, list[str]] | None
    is_line: bool
    session: str


class EnvelopeRequest(TypedDict):
    """An envelope to read.

    Attributes:
        agent: whose hook sent it.
        envelope: it, a character a byte; None: it is in `file`.
        file: where it is.
    """

    agent: str
    envelope: str | None
    file: str


class Tables:
    """The tables that requests name, mapped from the daemon's memory files once each."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, str], LoadedTable] = {}
        self._warming: Iterator[None] = iter(())

    def get(self, wanted: list[tuple[str, str, str]]) -> list[LoadedTable]:
        """The tables of these digests, roots and files.

        Raises:
            TableError: one can't be mapped, or is another.
        """
        if len(self._loaded) + len(wanted) > TABLES_MAX:
            self._loaded.clear()
        return [self._get(digest, root, path) for digest, root, path in wanted]

    def _get(self, digest: str, root: str, path: str) -> LoadedTable:
        known = self._loaded.get((digest, root))
        if known is None:
            try:
                sections = SealedSections(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
            except OSError as error:
                raise TableError(f"can't map the rules in force from {path}: {error.strerror}") from error
            if sections.header.get("digest") != digest:
                raise TableError(f"the rules in force are not in {path} any more")
            known = self._loaded[digest, root] = LoadedTable(Table(sections, root, digest))
            self._warming = itertools.chain(self._warming, warm(known))
        return known

    def warm(self) -> bool:
        """Makes a little of what lines will need; returns whether there was anything left to make."""
        return next(self._warming, self) is None


def main() -> None:
    """Answers requests until there are no more."""
    home = Home(sys.argv[1])
    tables = Tables()
    settled = False
    for request in requests(sys.stdin.fileno(), tables.warm):
        try:
            answer = _read(cast(EnvelopeRequest, request)) if "envelope" in request else _judge(request, tables, home)
        except SafeShellError as error:
            answer = {"error": error.message}
        _send(sys.stdout.buffer, answer)
        if not settled:  # modules and tables stay: no collection goes through them in the middle of a line
            gc.freeze()
            gc.set_threshold(20_000, 20, 100)  # what a line leaves is freed by its references, nearly all of it
            settled = True


def _judge(request: LineRequest, tables: Tables, home: Home) -> dict[str, Any]:
    rules = _Rules(request, tables, home)
    _begin(sys.stdout.buffer)
    caller = _caller(request, rules, home)
    line, files = _text(request["line"]), None
    if request["files"] is not None:
        used = FileUse(**{use: tuple(part) for use, part in request["files"].items()})
        shown = shown_call("apply_patch", used) if request["is_line"] else line
        files = judge_files(shown, used, caller, rules.at)
    if files is not None and not request["is_line"]:
        return {"wanted": _as_texts(rules.wanted)} if rules.wanted else files
    judged = judge_line(line, caller)
    if rules.wanted:
        return {"wanted": _as_texts(rules.wanted)}
    answer = {**judged.to_json(), **(told_to_hook(line, judged, caller) if request["acts"] else {})}
    return answer if files is None else stricter(answer, files)


def _as_texts(wanted: Iterable[tuple[bytes, ...]]) -> list[list[str]]:
    return [[path.decode("latin-1") for path in found] for found in wanted]


def _read(request: EnvelopeRequest) -> dict[str, Any]:
    from safeshell.hooks.agent import agent_of  # noqa: PLC0415 # most homes have no hook
    from safeshell.hooks.envelope import ENVELOPE_MAX, EnvelopeError, LongLineError, read_call  # noqa: PLC0415 # as above

    _begin(sys.stdout.buffer)
    agent = agent_of(request["agent"])
    assert agent is not None  # the daemon has asked
    envelope = request["envelope"]
    try:
        data = _slurp(request["file"], ENVELOPE_MAX + 1) if envelope is None else envelope.encode("latin-1")
        call = read_call(agent, data)
    except EnvelopeError as error:
        return {"error": error.reason}
    except LongLineError as error:
        return {"unjudged": error.reason}
    except OSError as error:
        return {"error": f"it can't be read: {error.strerror}"}
    directory = os.path.realpath(call.directory) if call.directory else ""
    files = None if call.files is None else call.files._asdict()
    shown = None if call.files is None else shown_call(call.tool, call.files)
    base = os.path.realpath(call.base) if call.base else ""
    paths = {"directory": os.fsencode(directory).decode("latin-1"), "base": os.fsencode(base).decode("latin-1")}
    told = {**paths, "files": files, "shown": shown}
    return {"call": {**call._asdict(), **told}}


def _slurp(path: str, most: int) -> bytes:
    """What is in a file, up to so many bytes; a pipe would have it wait."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return stream.read(most)


class _Rules:
    """What commands are judged by, each in its own directory.

    Attributes:
        own: the tables of the line's directory.
        wanted: rules of repositories that are to be in force for some command, and have not come with the request.
    """

    def __init__(self, request: LineRequest, tables: Tables, home: Home) -> None:
        self.own = tables.get(request["tables"])
        self.wanted: dict[tuple[bytes, ...], None] = {}
        self._home = os.fsencode(home.root)
        self._known = {_paths(rules): tables.get(its) for rules, its in request["elsewhere"]}
        self._known[_paths(request["rules"])] = self.own
        self._world = FileWorld()
        self._found: dict[bytes, tuple[bytes, ...]] = {}
        self._at: dict[tuple[bytes | None, ...], list[LoadedTable]] = {}

    def of(self, spelling: Spelling) -> list[LoadedTable]:
        """The tables that a spelling is judged by: those of each directory that it runs in or is about.

        Raises:
            UnseenRulesError: it can't be told which those are.
        """
        return self.at(*self._world.places(spelling))

    def at(self, *places: bytes | None) -> list[LoadedTable]:
        """The tables of these directories together.

        Raises:
            UnseenRulesError: it can't be told which those are.
        """
        found = self._at.get(places)
        if found is None:
            found = self._at[places] = self._tables_at(places)
        return found

    def _tables_at(self, places: tuple[bytes | None, ...]) -> list[LoadedTable]:
        rules: tuple[bytes, ...] = ()
        for place in places:
            if place is not None:
                rules += tuple([each for each in self._rules_in(place) if each not in rules])
        if rules not in self._known:
            self.wanted[rules] = None
        return self._known.get(rules, self.own)

    def _rules_in(self, directory: bytes) -> tuple[bytes, ...]:
        if directory not in self._found:
            self._found[directory] = find_rules(directory, self._home)
        return self._found[directory]


def _paths(texts: list[str]) -> tuple[bytes, ...]:
    return tuple([text.encode("latin-1") for text in texts])


IDLE_S = 0.05
"""Without a request for so long, the helper is idle."""


def requests(descriptor: int, warm: Callable[[], bool]) -> Iterator[LineRequest | EnvelopeRequest]:
    """The requests that come; in idle time what they need is made ready, a little at a time.

    Args:
        descriptor: where they are read.
        warm: makes a little ready; returns whether there was anything left to make.
    """
    buffer = bytearray()
    while True:
        request = take(buffer)
        if request is not None:
            yield cast(LineRequest | EnvelopeRequest, request)
            continue
        wait = IDLE_S
        while not select.select([descriptor], [], [], wait)[0] and warm():
            wait = 0.0
        data = os.read(descriptor, _READ_MAX)
        if not data:
            return
        buffer += data


_READ_MAX = 1 << 18
"""Bytes of requests that are read at once."""


def _send(stream: BinaryIO, answer: Mapping[str, Any]) -> None:
    stream.write(frame(answer))
    stream.flush()


_BEGUN = frame({"begun": True})


def _begin(stream: BinaryIO) -> None:
    stream.write(_BEGUN)
    stream.flush()


def _text(characters: str) -> str:
    return os.fsdecode(characters.encode("latin-1"))


def _caller(request: LineRequest, rules: _Rules, home: Home) -> LineCaller:
    environment = _environment(request["environment"])
    directory = _text(request["directory"])
    shimmed = _shimmed(environment.get("PATH", ""), directory, home)
    shell = Dialect(request["shell"])
    context = HookContext(request["agent"]) if request["agent"] else Context(request["markers"])
    return LineCaller(
        rules.own,
        environment,
        directory,
        context,
        shimmed,
        tables_of=rules.of,
        shell=shell,
        session=_text(request["session"]),
        knows_all=not request["agent"],
        reads_files=True,
    )


@lru_cache(maxsize=4)
def _environment(block: str) -> Mapping[str, str]:
    """The variables of a request, which one agent's lines all have the same."""
    return MappingProxyType(variables_of(_text(block).split("\0")))


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
