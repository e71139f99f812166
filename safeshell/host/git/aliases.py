"""Aliases as git finds them in its configuration: files, includes, and what the environment carries.

Where a condition of `includeIf` can't be told here (`onbranch`, `hasconfig`), both outcomes count: an alias can then
have several values. A file that git couldn't read makes git fail, so it gives none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from safeshell.errors import UndecidedError
from safeshell.host.git.config import read_settings
from safeshell.host.git.model import Repository
from safeshell.host.git.parameters import Variable, environment_settings
from safeshell.host.git.repository import discover, enter

_DEPTH_MAX = 10  # git's own, of includes


class Setting(NamedTuple):
    """A setting: `section.key` or `section.subsection.key`; `certain` unless an include may not count."""

    key: bytes
    value: bytes | None
    certain: bool


def aliases(name: bytes, variable: Variable, directory: bytes | None, *, prefix: bytes = b"") -> list[bytes]:
    """Commands that an alias may stand for, [] where there is none.

    Args:
        name: the alias.
        variable: the environment that git sees.
        directory: the working directory, None where it can't be told.
        prefix: the root directory that git sees, b"" for our own.
    """
    return _pick(name, _SettingsReader(variable, directory, prefix).entries())


def settings_of(variable: Variable, directory: bytes | None, *, prefix: bytes = b"") -> Iterator[Setting]:
    """All settings that git finds, in its order; arguments as `aliases` takes them."""
    return _SettingsReader(variable, directory, prefix).entries()


def carried(name: bytes, variable: Variable) -> list[bytes]:
    """As `aliases`, of those that the environment itself carries."""
    return _pick(name, (Setting(key, value, certain=True) for key, value in environment_settings(variable)))


def work_tree(variable: Variable, directory: bytes | None, *, prefix: bytes = b"") -> bytes | None:
    """The top of the work tree that git finds, None where there is none or it can't be told."""
    repository = _discover(variable, directory, prefix)
    return None if repository is None else repository.work_tree


def tops(variable: Variable, directory: bytes | None, *, prefix: bytes = b"") -> list[bytes]:
    """Where a repository has its top that git is told of: its work tree, and what holds its `.git`.

    As the variables say where the repository can't be read here: git may well be able to.
    """
    told = [variable(name) for name in (b"GIT_DIR", b"GIT_COMMON_DIR", b"GIT_WORK_TREE")]
    if not any(told):
        return []
    repository = _discover(variable, directory, prefix)
    if repository is None:
        *places, tree = [enter(directory, path, prefix=prefix) if path and directory else None for path in told]
    else:
        places, tree = [repository.git_dir, repository.common_dir], repository.work_tree
    found = [] if tree is None else [tree]
    for place in places:
        above, _, name = (place or b"").rpartition(b"/")
        if name == b".git":
            found.append(above or b"/")
    return list(dict.fromkeys(found))


def _pick(name: bytes, entries: Iterable[Setting]) -> list[bytes]:
    wanted = (b"alias." + name.lower(), b"alias." + name.lower() + b".command")
    found: list[bytes] = []
    for key, value, certain in entries:
        if value is not None and key.lower() in wanted:
            found = [value] if certain else [*found, value]
    return found


def _discover(variable: Variable, directory: bytes | None, prefix: bytes) -> Repository | None:
    if directory is None:
        return None
    given = {name: value for name in _DISCOVERY if (value := variable(name)) is not None}
    try:
        return discover(directory, given, prefix=prefix)
    except UndecidedError:
        return None  # git fails there, or finds none of its own


class _SettingsReader:
    """Reads the settings that hold in a place, in git's order: of equal keys the last counts."""

    def __init__(self, variable: Variable, directory: bytes | None, prefix: bytes) -> None:
        self._variable = variable
        self._prefix = prefix
        self._repository = _discover(variable, directory, prefix)

    def entries(self) -> Iterator[Setting]:
        for path in self._files():
            yield from self._file(path)
        for key, value in environment_settings(self._variable):
            yield from self._with_includes(Setting(key, value, certain=True), b"", 0)

    def _files(self) -> Iterator[bytes]:
        variable = self._variable
        if (variable(b"GIT_CONFIG_NOSYSTEM") or b"0").lower() in (b"", b"0", b"false", b"no", b"off"):
            yield variable(b"GIT_CONFIG_SYSTEM") or b"/etc/gitconfig"
        chosen = variable(b"GIT_CONFIG_GLOBAL")
        home = variable(b"HOME")
        if chosen is not None:
            yield chosen
        else:
            xdg = variable(b"XDG_CONFIG_HOME") or (home + b"/.config" if home else None)
            if xdg:
                yield xdg + b"/git/config"
            if home:
                yield home + b"/.gitconfig"
        if self._repository is not None:
            yield self._repository.common_dir + b"/config"
            yield self._repository.git_dir + b"/config.worktree"

    def _file(self, path: bytes, depth: int = 0, *, certain: bool = True) -> Iterator[Setting]:
        if not path.startswith(b"/"):
            return
        try:
            found = read_settings(path, prefix=self._prefix)
        except UndecidedError:
            return
        for key, value in found:
            yield from self._with_includes(Setting(key, value, certain), path, depth)

    def _with_includes(self, entry: Setting, file: bytes, depth: int) -> Iterator[Setting]:
        yield entry
        key, value, certain = entry
        if not value or depth >= _DEPTH_MAX:
            return
        holds: bool | None = None
        if key.lower() == b"include.path":
            holds = True
        elif key[:10].lower() == b"includeif." and key[-5:].lower() == b".path":
            holds = self._condition(key[10:-5], file)
        else:
            return
        if holds is not False:
            path = self._expand(value)
            if path is not None and not path.startswith(b"/") and file:
                path = file[: file.rindex(b"/") + 1] + path
            if path is not None:
                yield from self._file(path, depth + 1, certain=certain and holds is True)

    def _expand(self, path: bytes) -> bytes | None:
        if not path.startswith(b"~"):
            return path
        home = self._variable(b"HOME")
        return home + path[1:] if home and path[1:2] in (b"/", b"") else None

    def _condition(self, condition: bytes, file: bytes) -> bool | None:
        """Whether an `includeIf` holds; None where it can't be told."""
        kind, _, pattern = condition.partition(b":")
        if kind not in (b"gitdir", b"gitdir/i"):
            return None if kind in (b"onbranch", b"hasconfig") else False
        if self._repository is None:
            return False
        expanded = self._expand(pattern)
        if expanded is None or b"[" in expanded or b"\\" in expanded:
            return None
        if expanded.startswith(b"./"):
            expanded = file[: file.rfind(b"/")] + expanded[1:]
        elif not expanded.startswith(b"/"):
            expanded = b"**/" + expanded
        if expanded.endswith(b"/"):
            expanded += b"**"
        flags = re.DOTALL | (re.IGNORECASE if kind == b"gitdir/i" else 0)
        if re.fullmatch(_glob(expanded), self._repository.git_dir, flags):
            return True
        return None if self._names_a_link(expanded) else False

    def _names_a_link(self, pattern: bytes) -> bool:
        """Whether the pattern's fixed part leads through a link: git compares the path as it was typed too."""
        fixed = re.split(rb"[*?]", pattern, maxsplit=1)[0].rpartition(b"/")[0]
        real = enter(b"/", fixed, prefix=self._prefix) if fixed else None
        return real is not None and real != fixed


def _glob(pattern: bytes) -> bytes:
    """Git's wildmatch, `**` included, as a regular expression."""
    made = re.escape(pattern)
    for glob, expression in (
        (rb"\*\*/", rb"(?:.*/)?"),
        (rb"\*\*", rb".*"),
    ):
        made = made.replace(glob, expression.replace(b"*", b"\0"))
    return made.replace(rb"\*", b"[^/]*").replace(rb"\?", b"[^/]").replace(b"\0", b"*")


_DISCOVERY = (
    *(b"GIT_DIR", b"GIT_WORK_TREE", b"GIT_COMMON_DIR", b"GIT_OBJECT_DIRECTORY", b"GIT_CEILING_DIRECTORIES"),
    *(b"GIT_DISCOVERY_ACROSS_FILESYSTEM", b"GIT_IMPLICIT_WORK_TREE"),
)
