"""The world as one request sees it: its variables, its directory and the repository around it, files, who asks.

What facts are made of (`safeshell.policy.atoms`). Nothing else in this room looks at the machine but the store.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from safeshell.command.command_line import unblock
from safeshell.errors import UndecidedError
from safeshell.host.path_resolution import Resolver, any_lies, by_names
from safeshell.host.places import Places, Region, split_place
from safeshell.policy.context import Context
from safeshell.text import text

if TYPE_CHECKING:
    from safeshell.host.git.model import Repository
    from safeshell.policy.distant import DistantFacts

FactKey = tuple[str, ...]
"""The fact's kind and what it is about: `("branch",)`, `("env", variable)`. `safeshell.policy.atoms` has the kinds."""

FactValue = bool | str | None


Read = tuple[bytes, "bytes | None", bytes, tuple[tuple[bytes, bytes], ...], "bytes | None"]
"""Environment, directory, prefix and GIT_ variables, as `RequestWorld` takes them, and where the session began."""


class FileUse(NamedTuple):
    """The files that somebody is about to write and to read.

    Attributes:
        writes, reads: their paths, bytes that are not UTF-8 as surrogates.
        untold: of what there are more, which nobody tells: "writes", "reads".
    """

    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()

    def of(self, use: str) -> str | None:
        """As `RequestWorld.files`."""
        if use in self.untold:
            raise UndecidedError(f"not all that it {use} is told")
        found = self.writes if use == "writes" else self.reads
        return "".join([f"{path}\0" for path in dict.fromkeys(found)]) or None


class _Undecided:
    """The third truth value of a fact; there is one instance."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "undecided"

    def __reduce__(self) -> str:
        return "UNDECIDED"  # the one of whoever reads a pickle


UNDECIDED: Final = _Undecided()
Fact = FactValue | _Undecided
"""Hashable; UNDECIDED where it cannot be read."""


_TOUCHING = contextlib.nullcontext()


class RequestWorld:
    """What a request's facts are read of, from the kernel and the file system.

    Args:
        environment: the block of the caller's environment, a NUL before the first entry.
        directory: the working directory in the caller's view, or None where it is undecided.
        descriptor: an O_PATH descriptor of that directory, or None.
        context: tells `ai` from `human`.
        prefix: where the caller's root is seen from here, b"" for our own.
        asker: the block that tells the context, where another than the command's own does.
        git_environment: GIT_ variables that count for git's facts and for nothing else.
        distant: what is asked of mounts that may not answer; None where all are read as they are met.

    Attributes:
        asker, context, descriptor, distant, prefix: as given.
        seen: the facts read so far.
    """

    __slots__ = (
        *("_directory", "_environment", "_git_environment", "_places", "_repository", "_resolver", "_session"),
        *("_used", "_variables", "asker", "context", "descriptor", "distant", "prefix", "seen"),
    )

    def __init__(
        self,
        environment: bytes,
        directory: bytes | None,
        context: Context,
        *,
        descriptor: int | None = None,
        prefix: bytes = b"",
        asker: bytes | None = None,
        git_environment: Iterable[tuple[bytes, bytes]] = (),
        distant: DistantFacts | None = None,
    ) -> None:
        self._environment = environment
        self.asker = environment if asker is None else asker
        self._git_environment = git_environment
        self._directory = directory
        self.context = context
        self.descriptor = descriptor
        self.prefix = prefix
        self.distant = distant
        self.seen: dict[FactKey, Fact] = {}
        self._variables: dict[bytes, bytes] | None = None
        self._repository: Repository | _Undecided | None = UNDECIDED
        self._resolver: Resolver | None = None

    @property
    def place(self) -> Read:
        """What its facts of paths hang on."""
        return self._environment, self._directory, self.prefix, tuple(self._git_environment), self.session

    @classmethod
    def waiting(cls, place: Read) -> Self:
        """The world of a place, for who may wait: each path is read as it is met. It knows nothing of who asks."""
        environment, directory, prefix, git_environment, session = place
        world = cls(environment, directory, Context(), prefix=prefix, git_environment=git_environment)
        if session is not None:
            world.began_in(session)
        return world

    # Few requests have what these two tell: unlike the rest it has no value where nothing is said.

    def began_in(self, session: bytes) -> None:
        """Tells where the session began that the request is of; else `@project` is around its directory."""
        self._session = session

    @property
    def session(self) -> bytes | None:
        """Where the session began, as far as that was told."""
        found: bytes | None = getattr(self, "_session", None)
        return found

    def uses(self, used: FileUse) -> None:
        """Tells which files are written and read."""
        self._used = used

    def variable(self, name: bytes) -> bytes | None:
        """A variable of the caller's environment; the first where there are several, as getenv has it."""
        start = self._environment.find(b"\0" + name + b"=")
        if start < 0:
            return None
        start += len(name) + 2
        return self._environment[start : self._environment.index(b"\0", start)]

    def directory(self) -> str:
        """The working directory as patterns see it.

        Raises:
            UndecidedError: it has no path.
        """
        if self._directory is None:
            raise UndecidedError("the working directory has no path")
        return text(self._directory)

    def branch(self) -> str | None:
        """The branch of the repository around the directory.

        Raises:
            UndecidedError: it can't be read.
        """
        from safeshell.host.git import repository as git  # noqa: PLC0415 # as in `_found`

        repository = self._found()
        if repository is None:
            return None
        with self._sparing():
            return git.branch(repository)

    def in_work_tree(self) -> bool:
        """Whether the directory is inside a work tree.

        Raises:
            UndecidedError: it can't be told.
        """
        from safeshell.host.git import repository as git  # noqa: PLC0415 # as in `_found`

        return git.is_inside(self._found(), self._known_directory())

    def has_file(self, path: str) -> bool:
        """Whether a path exists, from the directory on.

        Raises:
            UndecidedError: the file system does not say, or it isn't ours.
        """
        if self.prefix:
            raise UndecidedError("files of another root directory are not read")
        if self.distant is not None:
            self.distant.mounts.check(os.path.join(self._known_directory(), path.encode()))
        if path.startswith("/") or self.descriptor is None:
            return exists(os.path.join(self._known_directory(), path.encode()))
        return exists(path.encode(), self.descriptor)

    def lies(self, relation: str, places: Iterable[str], paths: Iterable[str]) -> bool:
        """Whether a path lies so to places (`any_lies`), both with bytes that are not UTF-8 as surrogates.

        Raises:
            UndecidedError: it can't be told.
        """
        if self.prefix:
            raise UndecidedError("files of another root directory are not read")
        return any_lies(relation, paths, places, self._place, self._region)

    def files(self, use: str) -> str | None:
        """The files that are written ("writes") or read ("reads"), each ended by a NUL; None where none is told of.

        Raises:
            UndecidedError: there are some that aren't told.
        """
        used: FileUse | None = getattr(self, "_used", None)
        return None if used is None else used.of(use)

    def directories_of_files(self) -> list[bytes]:
        """The directories of all files that are written or read and can be told; repositories' rules are there."""
        used: FileUse = getattr(self, "_used", FileUse())
        found: dict[bytes, None] = {}
        for path in (*used.writes, *used.reads):
            with contextlib.suppress(UndecidedError):
                found[self._place(path).rpartition(b"/")[0] or b"/"] = None
        return list(found)

    def path(self, path: str) -> str:
        """A path as patterns see it: absolute by its names; and where links lead elsewhere a NUL, and there.

        Raises:
            UndecidedError: it can't be told.
        """
        if self.prefix:
            raise UndecidedError("files of another root directory are not read")
        given = path.encode("utf-8", "surrogateescape")
        named = by_names(b"/" if given.startswith(b"/") else self._known_directory(), given)
        return "\0".join(dict.fromkeys(map(text, (named, self._place(path)))))

    def _known_directory(self) -> bytes:
        if self._directory is None:
            raise UndecidedError("the working directory has no path")
        return self._directory

    def _git_variables(self) -> dict[bytes, bytes]:
        if self._variables is None:
            self._variables = {}
            if b"\0GIT_" in self._environment:
                for entry in unblock(self._environment[1:]):
                    name, equals, value = entry.partition(b"=")
                    if equals and name.startswith(b"GIT_"):
                        self._variables.setdefault(name, value)
            self._variables.update(self._git_environment)
        return self._variables

    def _found(self) -> Repository | None:
        """The repository around the directory, looked for once for both of its facts."""
        if isinstance(self._repository, _Undecided):
            from safeshell.host.git.repository import discover  # noqa: PLC0415 # 1 ms of the daemon's start, and many rules ask no git facts

            with self._sparing():
                self._repository = discover(self._known_directory(), self._git_variables(), prefix=self.prefix)
        return self._repository

    def _sparing(self) -> contextlib.AbstractContextManager[None]:
        """While git's files are read: those on mounts that may not answer aren't touched."""
        if self.distant is None:
            return _TOUCHING
        from safeshell.host.git.guarded import sparing  # noqa: PLC0415 # few machines have such mounts

        return sparing(self.distant.mounts)

    def _place(self, path: str) -> bytes:
        # Operands are bytes; a rule's text may hold a surrogate only where YAML spelled one out.
        found = path.encode("utf-8", "surrogateescape")
        return self._resolving().resolve(found if found.startswith(b"/") else self._known_directory() + b"/" + found)

    def _resolving(self) -> Resolver:
        if self._resolver is None:
            self._resolver = Resolver(None if self.distant is None else self.distant.mounts)
        return self._resolver

    def _region(self, place: str) -> Region:
        name, rest = split_place(place)
        if not name:
            return Region((self._place(rest),))
        places: Places | None = getattr(self, "_places", None)
        if places is None:
            resolver, home = self._resolving(), self.variable(b"HOME")
            places = self._places = Places(resolver.resolve, home, self._began_in, resolver.spare)
        found = places.region(name)
        if not rest:
            return found
        below = rest.encode("utf-8", "surrogateescape")
        return Region(tuple([self._resolving().resolve(top + below) for top in found.tops]))

    def _began_in(self) -> bytes:
        """The directory in which the session began, else the request."""
        session = self.session
        return self._known_directory() if session is None else session


def exists(path: bytes, directory: int | None = None) -> bool:
    """Whether a path exists, links followed.

    Raises:
        UndecidedError: the file system does not say (no permission on the way, an I/O error).
    """
    try:
        os.stat(path, dir_fd=directory)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG):
            return False
        raise UndecidedError(f"{text(path)}: {error.strerror}") from error
    return True
