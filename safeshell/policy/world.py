"""The world as one request sees it: its variables, its directory and the repository around it, files, who asks.

What facts are made of (`safeshell.policy.atoms`). Nothing else in this room looks at the machine but the store.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Self

from safeshell.command.command_line import unblock
from safeshell.errors import UndecidedError
from safeshell.host.path_resolution import Resolver, any_under
from safeshell.policy.context import Context
from safeshell.text import text

if TYPE_CHECKING:
    from safeshell.host.git.model import Repository
    from safeshell.policy.distant import DistantFacts

FactKey = tuple[str, ...]
"""The fact's kind and what it is about: `("branch",)`, `("env", variable)`. `safeshell.policy.atoms` has the kinds."""

FactValue = bool | str | None


Read = tuple[bytes, "bytes | None", bytes, tuple[tuple[bytes, bytes], ...]]
"""Environment, directory, prefix and GIT_ variables, as `RequestWorld` takes them."""


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
        *("_directory", "_environment", "_git_environment", "_repository", "_resolver", "_variables"),
        *("asker", "context", "descriptor", "distant", "prefix", "seen"),
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
        return self._environment, self._directory, self.prefix, tuple(self._git_environment)

    @classmethod
    def waiting(cls, place: Read) -> Self:
        """The world of a place, for who may wait: each path is read as it is met. It knows nothing of who asks."""
        environment, directory, prefix, git_environment = place
        return cls(environment, directory, Context(), prefix=prefix, git_environment=git_environment)

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

    def has_under(self, paths: Iterable[str], operands: Iterable[str]) -> bool:
        """Whether an operand lies under a path, both with bytes that are not UTF-8 as surrogates.

        Raises:
            UndecidedError: it can't be told.
        """
        if self.prefix:
            raise UndecidedError("files of another root directory are not read")
        return any_under(operands, paths, self._place, self._home)

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
        if self._resolver is None:
            self._resolver = Resolver(None if self.distant is None else self.distant.mounts)
        # Operands are bytes; a rule's text may hold a surrogate only where YAML spelled one out.
        found = path.encode("utf-8", "surrogateescape")
        return self._resolver.resolve(found if found.startswith(b"/") else self._known_directory() + b"/" + found)

    def _home(self) -> str | None:
        value = self.variable(b"HOME")
        return None if value is None else value.decode("utf-8", "surrogateescape")


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
