"""Shims: a copy of the client for each command that the tables dispatch on and for each wrapper around one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from safeshell.command.programs.wrappers import TAKEN_OFF
from safeshell.errors import SafeShellError
from safeshell.home.in_force import Asked, asked
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.host.path_lookup import SHIM_MARKER
from safeshell.install.memory import Memory, recall, remember
from safeshell.install.native import bash_client, native_client
from safeshell.install.programs import Installed, installed

MODE = 0o555
"""Of a shim: a redirection into one by mistake is refused."""

REPOSITORIES_MAX = 256
"""Shims for what only repositories' rules are about: one comes with a clone, and is not to slow down every program."""

_SIZE_MAX = 256 << 10
_ASIDE = ".new"


@dataclass(frozen=True, slots=True)
class Synced:
    """Result of `sync`.

    Attributes:
        client: the client that the shims are.
        native: whether it is the native one.
        added, removed, kept: names.
        mended: those of `kept` that were not as they should be.
        lacking: installed commands that rules are about, and that have no shim all the same.
        unread: directories that did not answer.
        descriptors: of those that did, as many as were asked for.
    """

    client: str
    native: bool
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    descriptors: tuple[int, ...] = ()


class _Wishes:
    """What is to be shimmed, as the tables and the settings say."""

    def __init__(self, of_user: Asked, of_repositories: Asked, settings: Settings) -> None:
        extra = Asked(frozenset(settings.shims_extra), ())
        self._user = Asked.union([of_user, extra])
        self._repositories = of_repositories
        self._except = frozenset(settings.shims_except)

    def asks_for(self, name: str) -> bool:
        """Whether a rule dispatches on it, or it is a wrapper, which may run such a one by a path past its shim."""
        if name in self._except:
            return False
        return name in TAKEN_OFF or self._user.has(name) or self._repositories.has(name)

    def choose(self, names: frozenset[str]) -> tuple[set[str], set[str]]:
        """Of installed names that are asked for: those that get a shim, and those that are too many.

        Wrappers get one where anything does.
        """
        of_user = {name for name in names if self._user.has(name)}
        others = sorted(name for name in names - of_user if self._repositories.has(name))
        chosen = of_user | set(others[:REPOSITORIES_MAX])
        return chosen | (names & TAKEN_OFF if chosen else set()), set(others[REPOSITORIES_MAX:])


def _wishes(home: Home) -> tuple[_Wishes, Settings]:
    layers, settings = asked(home)
    repositories = [found for rules, found in layers.items() if rules not in home.layers]
    return _Wishes(
        Asked.union(found for rules, found in layers.items() if rules in home.layers),
        Asked.union(repositories),
        settings,
    ), settings


def lacking(home: Home) -> list[str]:
    """The installed commands that rules are about, and that have no shim.

    Raises:
        TableError: there is no table, or it can't be trusted.
    """
    wishes, _ = _wishes(home)
    found = installed(recall(home).seeing(_path(), home.shims).directories, wishes.asks_for)
    chosen, too_many = wishes.choose(found.names)
    return sorted((chosen | too_many) - set(list_shims(home)))


def _path() -> list[str]:
    return os.environ.get("PATH", os.defpath).split(":")


def sync(
    home: Home, client: str | None = None, *, by_hand: bool = True, seen: Sequence[str] = (), hand_over: int = 0
) -> Synced:
    """Makes the shims that the tables in force ask for, of the programs that are installed along any PATH seen so far.

    Each is a file of its own, so that who damages one damages one; a copy, for a link into an installation that is
    removed would let commands through unseen. What isn't as it should be is made anew.

    Args:
        home: whose.
        client: native or bash; None: as the settings say.
        by_hand: whether a person asks for it, by whose PATH. Then the shims of what is installed nowhere are removed,
            and what was removed comes back; else a shim is removed only where nothing asks for one of its name, and
            a stranger's file in the way is no error.
        seen: more directories that were on somebody's PATH.
        hand_over: how many of the directories are to be left open, for whoever wants to hear of changes.

    Raises:
        SafeShellError: there is no table, a foreign file stands in the way, or the directory can't be written.
    """
    wishes, settings = _wishes(home)
    try:
        with _turn(home):
            memory = recall(home)
            if by_hand:
                memory = memory._replace(client=client or "", removed=frozenset(), off=False)
            memory = memory.seeing((*(_path() if by_hand else ()), *seen), home.shims)
            return _Sync(home, memory, wishes, settings).run(by_hand=by_hand, hand_over=hand_over)
    except OSError as error:
        raise SafeShellError(f"can't write {home.shims}: {error.strerror}") from error


@contextlib.contextmanager
def _turn(home: Home) -> Iterator[None]:
    """One at a time: the daemon makes shims, too."""
    os.makedirs(home.shims, mode=0o700, exist_ok=True)
    descriptor = os.open(home.shims, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class _Sync:
    def __init__(self, home: Home, memory: Memory, wishes: _Wishes, settings: Settings) -> None:
        self._home = home
        self._memory = memory
        self._wishes = wishes
        kind = memory.client or settings.shims_client
        native = native_client() if kind == "native" else None
        self._source = native or bash_client()
        self._native = native is not None
        try:
            with open(self._source, "rb") as stream:
                self._client = stream.read()
        except OSError as error:
            raise SafeShellError(f"can't read the client: {self._source}: {error.strerror}") from error

    def run(self, *, by_hand: bool, hand_over: int) -> Synced:
        memory = self._memory
        if memory.off:
            remember(self._home, memory)
            return Synced(self._source, self._native)
        found = installed(memory.directories, self._wishes.asks_for, hand_over=hand_over)
        chosen, too_many = self._wishes.choose(found.names)
        names = chosen - memory.removed
        present = _made(self._home, memory)
        foreign = {name for name in names - present if os.path.lexists(self._at(name))}
        if foreign and by_hand:
            raise SafeShellError(f"{self._at(min(foreign))} is no shim of SafeShell", hint="move it away")
        names -= foreign
        if not by_hand or found.unread:
            names |= self._still_asked_for(present, found)
        return self._make(names, present, found, tuple(sorted((chosen | too_many) - names)))

    def _still_asked_for(self, present: set[str], found: Installed) -> set[str]:
        """Names whose program may be where nobody looked."""
        chosen, _ = self._wishes.choose(found.names | {name for name in present if self._wishes.asks_for(name)})
        return chosen & present

    def _make(self, names: set[str], present: set[str], found: Installed, lacking: tuple[str, ...]) -> Synced:
        wrong = [name for name in sorted(names) if not self._is_right(name)]
        removed = sorted(present - names)
        # First, for what is made is known to be ours even where this is cut short.
        memory = self._memory._replace(made=frozenset(names | present), unread=found.unread)
        remember(self._home, memory)
        for name in wrong:
            self._write(name)
        for name in removed:
            os.unlink(self._at(name))
        if removed:
            remember(self._home, memory._replace(made=frozenset(names)))
        return Synced(
            client=self._source,
            native=self._native,
            added=tuple(sorted(names - present)),
            removed=tuple(removed),
            kept=tuple(sorted(names & present)),
            mended=tuple(name for name in wrong if name in present),
            lacking=lacking,
            unread=found.unread,
            descriptors=found.descriptors,
        )

    def _at(self, name: str) -> str:
        return os.path.join(self._home.shims, name)

    def _is_right(self, name: str) -> bool:
        """Whether it is this very client, in a file of its own that nobody may write to."""
        try:
            status = os.lstat(self._at(name))
            if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or stat.S_IMODE(status.st_mode) != MODE:
                return False
            if status.st_size != len(self._client):
                return False
            with open(self._at(name), "rb") as stream:
                return stream.read() == self._client
        except OSError:
            return False

    def _write(self, name: str) -> None:
        """Aside and renamed: a running shim keeps its own inode, and no shell runs half a client.

        Not synced, which takes 8 ms each on a plain disk: what a power cut empties, the daemon mends when it starts.
        """
        aside = self._at(_ASIDE)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(self._client)
                os.fchmod(descriptor, MODE)
            os.rename(aside, self._at(name))
        except BaseException:
            os.unlink(aside)
            raise


def _made(home: Home, memory: Memory) -> set[str]:
    """Names that are shims, or that we made and somebody has changed since; an empty file is nobody's loss."""
    return set(list_shims(home)) | {name for name in _entries(home) if name in memory.made or _is_empty(home, name)}


def _entries(home: Home) -> list[str]:
    """What stands in the directory that could be a shim, or have been one."""
    try:
        with os.scandir(home.shims) as entries:
            found = [entry for entry in entries if not entry.name.startswith(".")]
            return [entry.name for entry in found if not entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _is_empty(home: Home, name: str) -> bool:
    with contextlib.suppress(OSError):
        status = os.lstat(os.path.join(home.shims, name))
        return stat.S_ISREG(status.st_mode) and not status.st_size and bool(status.st_mode & 0o111)
    return False


def list_shims(home: Home) -> list[str]:
    """The commands that are shimmed."""
    found = []
    for name in _entries(home):
        with contextlib.suppress(OSError):
            path = os.path.join(home.shims, name)
            if os.path.isfile(path):
                with open(path, "rb") as stream:
                    if SHIM_MARKER in stream.read(_SIZE_MAX):
                        found.append(name)
    return sorted(found)


def remove(home: Home, names: Iterable[str] = ()) -> list[str]:
    """Removes these shims, or all, until the next `sync` that a person asks for; returns what was removed.

    Raises:
        SafeShellError: a name is no shim, or can't be removed.
    """
    names = list(names)
    if not os.path.isdir(home.shims):
        if names:
            raise SafeShellError(f"{names[0]} is not shimmed", hint="see `safeshell shims list`")
        return []
    try:
        with _turn(home):
            memory = recall(home)
            present = _made(home, memory)
            chosen = names or sorted(present)
            unknown = [name for name in chosen if name not in present]
            if unknown:
                raise SafeShellError(f"{unknown[0]} is not shimmed", hint="see `safeshell shims list`")
            gone = frozenset(chosen)
            off = memory.off or not names
            remember(home, memory._replace(removed=memory.removed | gone, made=memory.made - gone, off=off))
            for name in chosen:
                os.unlink(os.path.join(home.shims, name))
            return chosen
    except OSError as error:
        raise SafeShellError(f"can't remove shims from {home.shims}: {error.strerror}") from error
