"""What is read of the world for a decision, each fact once and only when a row that is still open asks for it.

A fact key is a tuple: `("ai",)`, `("directory",)`, `("branch",)`, `("in_repo",)`, `("env", variable)`,
`("file", path)`, `("under", path…, "", operand…)`: whether an operand lies under a path, both with bytes that are not
UTF-8 as surrogates. A value is hashable; `UNDECIDED` where the fact cannot be read.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from safeshell.command.command_line import unblock
from safeshell.errors import UndecidedError
from safeshell.host.path_resolution import Resolver, any_under, split_under
from safeshell.policy.context import Context
from safeshell.text import text

if TYPE_CHECKING:
    from safeshell.host.git.model import Repository

FactKey = tuple[str, ...]
FactValue = bool | str | None


class _Undecided:
    """The third truth value of a fact; there is one instance."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "undecided"


UNDECIDED: Final = _Undecided()
Fact = FactValue | _Undecided


class Facts(Protocol):
    """Where the evaluator reads facts from."""

    def read(self, key: FactKey) -> Fact:
        """The fact's value. Asked again, it answers the same."""
        ...


class RequestFacts:
    """The facts of one request, read from the kernel and the file system.

    Args:
        environment: the block of the caller's environment, a NUL before the first entry.
        directory: the working directory in the caller's view, or None where it is undecided.
        descriptor: an O_PATH descriptor of that directory, or None.
        context: tells `ai` from `human`.
        prefix: where the caller's root is seen from here, b"" for our own.
        asker: the block that tells the context, where another than the command's own does.
        git_environment: GIT_ variables that count for git's facts and for nothing else.
    """

    __slots__ = (
        "_asker",
        "_context",
        "_descriptor",
        "_directory",
        "_environment",
        "_git_environment",
        "_prefix",
        "_read",
        "_repository",
        "_resolver",
        "_variables",
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
    ) -> None:
        self._environment = environment
        self._asker = environment if asker is None else asker
        self._git_environment = git_environment
        self._directory = directory
        self._context = context
        self._descriptor = descriptor
        self._prefix = prefix
        self._read: dict[FactKey, Fact] = {}
        self._variables: dict[bytes, bytes] | None = None
        self._repository: Repository | _Undecided | None = UNDECIDED
        self._resolver: Resolver | None = None

    def read(self, key: FactKey) -> Fact:
        """The fact's value, read once."""
        known = self._read.get(key)
        if known is None and key not in self._read:
            try:
                known = _READERS[key[0]](self, *key[1:])
            except UndecidedError:
                known = UNDECIDED
            self._read[key] = known
        return known

    @property
    def prefix(self) -> bytes:
        """Where the caller's root is seen from here."""
        return self._prefix

    @property
    def descriptor(self) -> int | None:
        """The descriptor of the working directory."""
        return self._descriptor

    @property
    def seen(self) -> Mapping[FactKey, Fact]:
        """The facts read so far."""
        return self._read

    @property
    def context(self) -> Context:
        """Tells `ai` from `human`."""
        return self._context

    def variable(self, name: bytes) -> bytes | None:
        """A variable of the caller's environment; the first where there are several, as getenv has it."""
        start = self._environment.find(b"\0" + name + b"=")
        if start < 0:
            return None
        start += len(name) + 2
        return self._environment[start : self._environment.index(b"\0", start)]

    def _ai(self) -> Fact:
        return self._context.is_ai(self._asker)

    def _directory_text(self) -> Fact:
        if self._directory is None:
            raise UndecidedError("the working directory has no path")
        return text(self._directory)

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

            self._repository = discover(self._known_directory(), self._git_variables(), prefix=self._prefix)
        return self._repository

    def _branch(self) -> Fact:
        from safeshell.host.git.repository import branch  # noqa: PLC0415 # as in `_found`

        repository = self._found()
        return None if repository is None else branch(repository)

    def _in_repo(self) -> Fact:
        from safeshell.host.git.repository import is_inside  # noqa: PLC0415 # as in `_found`

        return is_inside(self._found(), self._known_directory())

    def _env(self, variable: str) -> Fact:
        value = self.variable(variable.encode())
        return None if value is None else text(value)

    def _file(self, path: str) -> Fact:
        if self._prefix:
            raise UndecidedError("files of another root directory are not read")
        if path.startswith("/") or self._descriptor is None:
            return exists(os.path.join(self._known_directory(), path.encode()))
        return exists(path.encode(), self._descriptor)

    def _under(self, *words: str) -> Fact:
        if self._prefix:
            raise UndecidedError("files of another root directory are not read")
        paths, operands = split_under(words)
        return any_under(operands, paths, self._place, self._home)

    def _place(self, path: str) -> bytes:
        if self._resolver is None:
            self._resolver = Resolver()
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


_READERS: dict[str, Callable[..., Fact]] = {
    "ai": RequestFacts._ai,  # noqa: SLF001 # the class's own table
    "directory": RequestFacts._directory_text,  # noqa: SLF001 # as above
    "branch": RequestFacts._branch,  # noqa: SLF001 # as above
    "in_repo": RequestFacts._in_repo,  # noqa: SLF001 # as above
    "env": RequestFacts._env,  # noqa: SLF001 # as above
    "file": RequestFacts._file,  # noqa: SLF001 # as above
    "under": RequestFacts._under,  # noqa: SLF001 # as above
}


class GivenFacts:
    """Facts as somebody states them: rule tests, `check --branch`, the tests' situations.

    Where a path leads is worked out by its names, unless `("place", path)` states it.
    """

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[FactKey, Fact]) -> None:
        self._given = given

    def read(self, key: FactKey) -> Fact:
        """The fact as given; files and variables that are not given are absent."""
        if key[0] == "under":
            paths, operands = split_under(key[1:])
            try:
                return any_under(operands, paths, self._place, self._home)
            except UndecidedError:
                return UNDECIDED
        return self._given.get(key, False if key[0] == "file" else None)

    def _place(self, path: str) -> bytes:
        stated = self._given.get(("place", path))
        directory = "/" if path.startswith("/") else self._given.get(("directory",))
        if stated is UNDECIDED or (stated is None and not isinstance(directory, str)):
            raise UndecidedError(f"{path}: not stated where it leads")
        found = stated if isinstance(stated, str) else f"{directory}/{path}"
        # The leading slashes are folded by hand: POSIX leaves two of them alone, and so does normpath.
        return ("/" + os.path.normpath(found).lstrip("/")).encode("utf-8", "surrogateescape")

    def _home(self) -> str | None:
        home = self._given.get(("env", "HOME"))
        return home if isinstance(home, str) else None
