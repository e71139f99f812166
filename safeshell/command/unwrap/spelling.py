"""Spellings of a command, and the world that unwrapping asks about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from safeshell.command import variables
from safeshell.host.path_resolution import by_names

if TYPE_CHECKING:
    from safeshell.host.git.parameters import Variable


class Spelling(NamedTuple):
    """A command as it was written, or as a part of it that really runs.

    Attributes:
        name: the basename of the file executed.
        arguments: argv as a block.
        environment: the block that it would have, a NUL before the first entry.
        directory: where it would run, absolute; None where that can't be told.
        git_environment: GIT_ variables that count for git's facts beside the environment.
        cut: what is inside was not looked at: it is nested too deep.
    """

    name: str
    arguments: bytes
    environment: bytes
    directory: bytes | None
    git_environment: tuple[tuple[bytes, bytes], ...] = ()
    cut: bool = False


class World(Protocol):
    """What the unwrapping of a command depends on besides the command."""

    def enter(self, directory: bytes | None, path: bytes) -> bytes | None:
        """The directory after `cd PATH`, None where it can't be told."""
        ...

    def work_tree(self, spelling: Spelling) -> bytes | None:
        """The top of the work tree around a command's directory, None where there is none."""
        ...

    def aliases(self, spelling: Spelling, name: bytes) -> Iterable[bytes]:
        """What git's alias of this name may stand for."""
        ...

    def corrections(self, spelling: Spelling, name: bytes, known: Iterable[bytes]) -> Iterable[bytes]:
        """What git may take a subcommand for that there isn't; `known` are its own."""
        ...


class FileWorld:
    """The file system.

    Args:
        prefix: where the caller's root is seen from here, b"" for our own.
    """

    __slots__ = ("_prefix",)

    def __init__(self, prefix: bytes = b"") -> None:
        self._prefix = prefix

    def enter(self, directory: bytes | None, path: bytes) -> bytes | None:
        """As the kernel resolves it."""
        if directory is None and not path.startswith(b"/"):
            return None
        from safeshell.host.git.repository import enter  # noqa: PLC0415 # few commands change the directory or are git's aliases

        return enter(directory or b"/", path, prefix=self._prefix)

    def work_tree(self, spelling: Spelling) -> bytes | None:
        """As git finds it."""
        from safeshell.host.git import aliases  # noqa: PLC0415 # as above

        return aliases.work_tree(variable_of(spelling), spelling.directory, prefix=self._prefix)

    def aliases(self, spelling: Spelling, name: bytes) -> Iterable[bytes]:
        """As git is configured there."""
        from safeshell.host.git import aliases  # noqa: PLC0415 # as above

        return aliases.aliases(name, variable_of(spelling), spelling.directory, prefix=self._prefix)

    def corrections(self, spelling: Spelling, name: bytes, known: Iterable[bytes]) -> Iterable[bytes]:
        """As git is configured there."""
        from safeshell.host.git import autocorrect  # noqa: PLC0415 # as above

        return autocorrect.corrections(name, known, variable_of(spelling), spelling.directory, prefix=self._prefix)

    def places(self, spelling: Spelling) -> tuple[bytes | None, ...]:
        """The directories whose repositories' rules a spelling is judged by.

        Its own; and where git is told of another repository (GIT_DIR, `--git-dir`), that one's.
        """
        own = spelling.directory
        if spelling.name != "git" or not (spelling.git_environment or b"\0GIT_" in spelling.environment):
            return (own,)
        from safeshell.host.git import aliases  # noqa: PLC0415 # as above

        return (own, *aliases.tops(variable_of(spelling), own, prefix=self._prefix))


class StatedWorld:
    """A world of what is stated and nothing else: no links, no configuration but the environment's."""

    __slots__ = ()

    def enter(self, directory: bytes | None, path: bytes) -> bytes | None:
        """By the text alone."""
        if directory is None and not path.startswith(b"/"):
            return None
        return by_names(directory or b"/", path)

    def work_tree(self, spelling: Spelling) -> bytes | None:  # noqa: ARG002 # nothing is stated about it
        """Unknown."""
        return None

    def aliases(self, spelling: Spelling, name: bytes) -> Iterable[bytes]:
        """Those of the command's own environment."""
        from safeshell.host.git import aliases  # noqa: PLC0415 # as above

        return aliases.carried(name, variable_of(spelling))

    def corrections(self, spelling: Spelling, name: bytes, known: Iterable[bytes]) -> Iterable[bytes]:
        """By the settings of the command's own environment."""
        from safeshell.host.git import autocorrect  # noqa: PLC0415 # as above

        return autocorrect.carried_corrections(name, known, variable_of(spelling))


def variable_of(spelling: Spelling) -> Variable:
    """Looks up the variables that git sees in a spelling."""
    own = dict(spelling.git_environment)
    return lambda name: own[name] if name in own else variables.get(spelling.environment, name)
