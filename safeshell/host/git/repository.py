"""Git facts without running git: the repository around a directory, its work tree, its branch.

As git's own setup finds them (setup.c, and t1510 in its test suite), read afresh for each question. What is parsed is
kept only as long as the file or directory it came from has the same inode and change time. Where this differs from git:

- git passes over a `.git` that is no repository and goes on upwards; here that is undecided.
- Who owns a repository (`safe.directory`, `safe.bareRepository`) and which extensions it uses hide nothing.
- A branch is `main` where a tag of that name makes `git symbolic-ref --short` say `heads/main`.

`[include]` is not followed, and by git neither: it takes core.bare and core.worktree from the repository's file alone.
"""

from __future__ import annotations

import os
import re
import select
import signal
import stat
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, cast

from safeshell.errors import UndecidedError

_T = TypeVar("_T")

_EMPTY: Mapping[bytes, bytes] = MappingProxyType({})


class Repository(NamedTuple):
    """A repository as git sees it from one directory. All paths are absolute, links resolved.

    Attributes:
        git_dir: the repository, or a linked work tree's part of it: where HEAD is.
        common_dir: where branches and configuration are; `git_dir` but for linked work trees.
        work_tree: the top of the work tree; None in a bare repository and inside `.git`.
        bare: as `git rev-parse --is-bare-repository` says.
        prefix: where the caller's root directory is, as `discover` was told.
    """

    git_dir: bytes
    common_dir: bytes
    work_tree: bytes | None
    bare: bool
    prefix: bytes = b""


def discover(
    directory: bytes, environment: Mapping[bytes, bytes] = _EMPTY, *, prefix: bytes = b""
) -> Repository | None:
    """The repository that git finds from a working directory, or None.

    Args:
        directory: absolute, links resolved: what the kernel calls the working directory.
        environment: the caller's; GIT_DIR, GIT_WORK_TREE, GIT_COMMON_DIR, GIT_OBJECT_DIRECTORY,
            GIT_CEILING_DIRECTORIES, GIT_DISCOVERY_ACROSS_FILESYSTEM and GIT_IMPLICIT_WORK_TREE count.
        prefix: the caller's root directory where it differs (`/proc/PID/root`). Every path is read below it, with
            links resolved as the caller would; all paths given and returned are the caller's.

    Raises:
        UndecidedError: something on the way can't be read, or is no repository though it looks like one.
    """
    try:
        if not prefix:
            return _find(_FILES, directory, environment)
        files = _RootedFiles(prefix)
        try:
            return _find(files, directory, environment)
        finally:
            files.close()
    except (OSError, ValueError) as error:
        raise UndecidedError(_reason(error)) from error


def branch(repository: Repository) -> str | None:
    """The branch that HEAD names now, in short, also one without commits yet; None where HEAD is detached.

    Raises:
        UndecidedError: HEAD, or the branch it names, can't be read or is broken.
    """
    try:
        if not repository.prefix:
            return _branch(_FILES, repository)
        files = _RootedFiles(repository.prefix)
        try:
            return _branch(files, repository)
        finally:
            files.close()
    except (OSError, ValueError) as error:
        raise UndecidedError(_reason(error)) from error


def in_work_tree(directory: bytes, environment: Mapping[bytes, bytes] = _EMPTY, *, prefix: bytes = b"") -> bool:
    """Whether a directory lies in the work tree of the repository that `discover` finds from it.

    Raises:
        UndecidedError: as `discover`.
    """
    return is_inside(discover(directory, environment, prefix=prefix), directory)


def is_inside(repository: Repository | None, directory: bytes) -> bool:
    """Whether a directory lies in a repository's work tree."""
    if repository is None or repository.work_tree is None:
        return False
    return (_plain(directory) + b"/").startswith(_under(repository.work_tree, b""))


def enter(directory: bytes, path: bytes, *, prefix: bytes = b"") -> bytes | None:
    """The working directory after `cd PATH` in a directory, links resolved; None where that fails.

    Args:
        directory: absolute.
        path: relative to it, or absolute.
        prefix: as for `discover`.
    """
    try:
        files = _RootedFiles(prefix) if prefix else _FILES
        try:
            found = _real(files, _join(directory, path)) or b"/"
            return found if stat.S_ISDIR(files.stat(found).st_mode) and files.usable(found) else None
        finally:
            if isinstance(files, _RootedFiles):
                files.close()
    except (OSError, ValueError):
        return None


def read_settings(path: bytes, *, prefix: bytes = b"") -> tuple[tuple[bytes, bytes | None], ...]:
    """What one configuration file of git says, its includes not followed; () where there is no such file.

    Args:
        path: absolute.
        prefix: as for `discover`.

    Returns:
        Keys (`section.key`, `section.subsection.key`; lower case but for the subsection) and values, None for a key
        without `=`; in order.

    Raises:
        UndecidedError: it can't be read, or isn't such a file.
    """
    try:
        if not prefix:
            return _SETTINGS_FILES.parsed(path, _parse_settings) or ()
        files = _RootedFiles(prefix)
        try:
            return files.parsed(path, _parse_settings) or ()
        finally:
            files.close()
    except (OSError, ValueError) as error:
        raise UndecidedError(_reason(error)) from error


# Discovery

_DOT_GIT, _REAL_DIRECTORY, _HEAD = 1, 2, 4
"""What a directory holds: a `.git`, one that is a directory and no link, a `HEAD`."""


def _find(files: _Files, directory: bytes, environment: Mapping[bytes, bytes]) -> Repository | None:
    if not directory.startswith(b"/"):
        raise ValueError(f"not an absolute directory: {_show(directory)}")
    directory = _plain(directory)
    named = environment.get(b"GIT_DIR")
    if named is not None:
        files.mark(directory, files.stat(directory))  # it must be there, or git fails
        git_dir = _git_dir(files, _join(directory, named))
        return _repository(files, git_dir, directory, environment, tree=directory, explicit=True)

    ceiling = _ceiling(files, directory, environment)
    one_device = not _boolean(environment.get(b"GIT_DISCOVERY_ACROSS_FILESYSTEM", b"false"))
    device = None
    level = directory
    marks = files.marks
    while True:
        status = files.stat(level)
        if device is None:
            device = status.st_dev
        elif device != status.st_dev and one_device:
            return None
        known = marks.get(level)
        if (
            known is not None
            and known[0] == status.st_ctime_ns
            and known[1] == status.st_ino
            and known[2] == status.st_dev
        ):
            mark = known[3]
        else:
            mark = files.mark(level, status)
        if mark & _DOT_GIT:
            git_dir = _under(level, b".git")
            if not mark & _REAL_DIRECTORY:
                git_dir = _git_dir(files, git_dir)
            return _repository(files, git_dir, directory, environment, tree=level)
        if mark & _HEAD and _layout(files, level, directory, environment) is not None:
            return _repository(files, level, directory, environment, tree=None)
        parent = level.rfind(b"/")
        if parent <= ceiling or level == b"/":
            return None
        level = level[:parent] or b"/"


def _ceiling(files: _Files, directory: bytes, environment: Mapping[bytes, bytes]) -> int:
    """The length of the longest directory above that isn't searched any more, -1 where there is none."""
    entries = environment.get(b"GIT_CEILING_DIRECTORIES")
    longest = -1
    if not entries or directory == b"/":
        return longest
    resolve = True
    for entry in entries.split(b":"):
        ceiling = entry
        if not entry:
            resolve = False  # git(1): entries after an empty one are taken as they stand
        if not entry.startswith(b"/"):
            continue
        if resolve:
            try:
                ceiling = _real(files, entry, may_miss_last=True)
            except (OSError, ValueError):
                continue  # as git does
        if ceiling == b"/":
            longest = max(longest, 0)
        elif directory.startswith(ceiling + b"/"):
            longest = max(longest, len(ceiling))
    return longest


def _git_dir(files: _Files, path: bytes) -> bytes:
    """The repository that a `.git` or GIT_DIR stands for: a directory, a link to one, or a file that names one."""
    parent, _, name = path.rpartition(b"/")
    path = _under(_real(files, parent), name)
    if not stat.S_ISREG(files.stat(path).st_mode):
        return _real(files, path)
    content = files.read(path, _GITFILE_MAX).rstrip(b"\r\n")
    if not content.startswith(b"gitdir: ") or len(content) < 9:
        raise ValueError(f"{_show(path)}: names no repository")
    return _real(files, _join(path[: -len(name) - 1] or b"/", content[8:]))


def _layout(files: _Files, git_dir: bytes, directory: bytes, environment: Mapping[bytes, bytes]) -> bytes | None:
    """The common directory of a repository, None where this is none (HEAD aside)."""
    named = environment.get(b"GIT_COMMON_DIR")
    if named is not None:
        common = _real(files, _join(directory, named))
    elif files.exists(_under(git_dir, b"commondir")):
        content = files.read(_under(git_dir, b"commondir"), _GITFILE_MAX).rstrip(b"\r\n")
        common = _real(files, _join(git_dir, content))
    else:
        common = git_dir
    named = environment.get(b"GIT_OBJECT_DIRECTORY")
    objects = _under(common, b"objects") if named is None else _join(directory, named)
    return common if files.usable(objects) and files.usable(_under(common, b"refs")) else None


def _repository(
    files: _Files,
    git_dir: bytes,
    directory: bytes,
    environment: Mapping[bytes, bytes],
    *,
    tree: bytes | None,
    explicit: bool = False,
) -> Repository:
    """The repository at `git_dir`, whose work tree is `tree` unless something says otherwise."""
    common = _layout(files, git_dir, directory, environment)
    if common is None:
        raise ValueError(f"{_show(git_dir)}: no repository")
    _ref(files, git_dir, b"HEAD")
    linked = common is not git_dir  # even where the two are the same directory, as git has it
    bare, configured = _format(files, git_dir, common, linked=linked)
    named = environment.get(b"GIT_WORK_TREE")
    if named is not None:
        tree = _real(files, _join(directory, named), may_miss_last=True)
    elif bare:
        tree = None
    elif configured is not None:
        tree = _configured_tree(files, git_dir, configured)
    elif explicit and not _boolean(environment.get(b"GIT_IMPLICIT_WORK_TREE", b"true")):
        tree = None
    return Repository(git_dir, common, tree, tree is None and bare is not False, files.prefix)


def _configured_tree(files: _Files, git_dir: bytes, configured: bytes) -> bytes:
    if configured.startswith(b"/"):
        return _real(files, configured, may_miss_last=True)
    tree = _real(files, _join(git_dir, configured))
    if not stat.S_ISDIR(files.stat(tree).st_mode):
        raise ValueError(f"{_show(tree)}: core.worktree is no directory")
    return tree


# HEAD and branches

_REFTABLE_HEAD = b"refs/heads/.invalid"
"""What HEAD says where references are kept in reftables, so that old versions of git fail."""

_SPACE = b" \t\n\r"
_OBJECT = re.compile(rb"(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})(?:[ \t\n\r]|\Z)")
_REFERENCE = re.compile(
    rb"ref:[ \t\n\r]*(refs(?:/(?!\.)(?:(?!\.\.|@\{)[^\x00-\x20\x7f~^:?*\[\\/])+(?<!\.lock))+(?<!\.))"
)
"""git-check-ref-format(1), below refs/. No possessive quantifiers: on groups, Python before 3.11.4 gets them wrong."""

_PER_WORK_TREE = (b"refs/bisect/", b"refs/worktree/", b"refs/rewritten/")
_NAMESPACES = (b"refs/heads/", b"refs/tags/", b"refs/remotes/", b"refs/")
_SYMBOLIC_DEPTH = 5  # git's own limit
_REFERENCE_MAX = 8192  # bytes; a reference is a path below the repository


def _branch(files: _Files, repository: Repository) -> str | None:
    name = _ref(files, repository.git_dir, b"HEAD")
    if not name:
        return None
    if name == _REFTABLE_HEAD:
        return _ask_git(repository)
    for _ in range(_SYMBOLIC_DEPTH - 1):
        base = repository.git_dir if name.startswith(_PER_WORK_TREE) else repository.common_dir
        target = _ref(files, base, name)
        if not target:
            return _short(name)
        name = target
    raise ValueError(f"{_show(repository.git_dir)}: symbolic references nest too deep")


def _short(name: bytes) -> str:
    namespace = next(namespace for namespace in _NAMESPACES if name.startswith(namespace))
    return name[len(namespace) :].decode("utf-8", "replace")


def _ref(files: _Files, base: bytes, name: bytes) -> bytes:
    """What a loose reference names; b"" where it holds an object, is packed or isn't there yet."""
    target = files.parsed(base + b"/" + name, _parse_reference, follow=False)
    if target is not None:
        return target
    if name == b"HEAD":
        raise ValueError(f"{_show(base)}: no HEAD")
    return b""


def _parse_reference(content: bytes) -> bytes:
    if len(content) > _REFERENCE_MAX:
        raise ValueError("too long for a reference")
    content = content.rstrip(_SPACE)
    found = _REFERENCE.fullmatch(content)
    if found:
        return found[1]
    if content.startswith(b"ref:") and content[4:].lstrip(_SPACE) == _REFTABLE_HEAD:
        return _REFTABLE_HEAD
    if _OBJECT.match(content):
        return b""
    raise ValueError("neither a reference nor an object")


# Configuration

_CONFIG = re.compile(
    rb"""
      [ \t\r\n]+ | [#;][^\n]*
    | \[ (?!\]) (?P<section>[A-Za-z0-9.-]*) (?:[ \t\r]+ (?P<sub>"(?:[^"\\\n]|\\[^\n])*"))? \]
    | (?P<key>[A-Za-z][A-Za-z0-9-]*) [ \t]*
      (?: = (?P<value>(?:[^"\\\n\#;]|\\[tbn"\\\n]|"(?:[^"\\\n]|\\[tbn"\\\n])*")*) (?:[#;][^\n]*)? )? (?=\n|\Z)
    """,
    re.VERBOSE,
)
_VALUE = re.compile(
    rb"""(?P<space>[ \t\r]+)|\\(?P<escape>[tbn"\\\n])|(?P<quoted>"(?:[^"\\]|\\.)*")|[^"\\ \t\r]+""", re.DOTALL
)
_ESCAPES = {b"t": b"\t", b"b": b"\b", b"n": b"\n", b'"': b'"', b"\\": b"\\", b"\n": b""}
_NUMBER = re.compile(rb"[-+]?(?:0x[0-9a-f]+|[0-9]+)[kmg]?", re.IGNORECASE)

_Format = tuple[bool | None, bytes | None, bool]
"""core.bare, core.worktree, extensions.worktreeConfig."""


def _format(files: _Files, git_dir: bytes, common: bytes, *, linked: bool) -> tuple[bool | None, bytes | None]:
    """core.bare and core.worktree as they hold for this work tree."""
    bare, tree, per_work_tree = files.parsed(_under(common, b"config"), _parse_config) or (None, None, False)
    if per_work_tree:
        own = files.parsed(_under(git_dir, b"config.worktree"), _parse_config)
        if own is not None:
            bare = bare if own[0] is None else own[0]
            tree = tree if own[1] is None else own[1]
    elif linked:
        return (False if bare is False else None), None  # the main work tree's; "not bare" is said of the repository
    return bare, tree


def _parse_config(content: bytes) -> _Format:
    return _read_format(_values(content))


def _values(content: bytes) -> dict[bytes, bytes | None]:
    """The last value of each key in [core] and [extensions], lower-cased; None for a key without `=`."""
    return {
        key: None if value is None else _unquote(value)
        for key, value in _settings(content)
        if key.count(b".") == 1 and key.startswith((b"core.", b"extensions."))
    }


def _parse_settings(content: bytes) -> tuple[tuple[bytes, bytes | None], ...]:
    return tuple([(key, None if value is None else _unquote(value)) for key, value in _settings(content)])


def _settings(content: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    """The keys of a configuration file, in order, each with its value as it is written there."""
    if b"\0" in content:
        raise ValueError("not a configuration file")
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    section = b""
    position = 0
    while position < len(content):
        token = _CONFIG.match(content, position)
        if token is None:
            line = content.count(b"\n", 0, position) + 1
            raise ValueError(f"bad configuration line {line}")
        position = token.end()
        if token["section"] is not None:
            section = token["section"].lower()
            if token["sub"] is not None:
                section += b"." + re.sub(rb"\\(.)", rb"\1", token["sub"][1:-1])
        elif token["key"] is not None:
            yield section + b"." + token["key"].lower(), token["value"]


def _read_format(found: Mapping[bytes, bytes | None]) -> _Format:
    version = found.get(b"core.repositoryformatversion", b"0")
    if version not in (b"0", b"1"):
        raise ValueError("a repository format that isn't known")
    tree = found.get(b"core.worktree", b"")
    if tree is None or (not tree and b"core.worktree" in found):
        raise ValueError("core.worktree has no value")
    bare = _boolean(found[b"core.bare"]) if b"core.bare" in found else None
    return bare, tree or None, _boolean(found.get(b"extensions.worktreeconfig", b"false"))


def _unquote(text: bytes) -> bytes:
    """A value as git reads it: outer blanks dropped, quotes and escapes resolved."""
    value = b""
    blanks = b""
    for token in _VALUE.finditer(text):
        if token["space"] is not None:
            blanks += token["space"] if value else b""
            continue
        piece = token[0]
        if token["escape"] is not None:
            piece = _ESCAPES[token["escape"]]
        elif token["quoted"] is not None:
            piece = re.sub(rb"\\(.)", lambda escape: _ESCAPES[escape[1]], piece[1:-1], flags=re.DOTALL)
        value += blanks + piece
        blanks = b""
    return value


def _boolean(value: bytes | None) -> bool:
    """git-config(1)'s booleans; None is a key without `=`."""
    if value is None:
        return True
    lower = value.lower()
    if lower in (b"", b"false", b"no", b"off"):
        return False
    if lower in (b"true", b"yes", b"on"):
        return True
    if _NUMBER.fullmatch(lower):
        return bool(lower.strip(b"+-kmg").removeprefix(b"0x").strip(b"0"))
    raise ValueError(f"not a boolean: {_show(value)}")


# Files

_GITFILE_MAX = 1 << 20  # git's own limit
_CONTENT_MAX = 16 << 20
_LINKS_MAX = 40  # the kernel's
_KEPT_MAX = 4096
"""Paths remembered; 16 repositories of 100 directories in use take a few hundred KiB."""

_SETTLED_NS = 3_000_000_000
"""How old a change must be to be relied on: a second one within the clock's tick (2 s on FAT) has the same time."""

_TIMEKEEPERS = frozenset(b"ext2 ext3 ext4 xfs btrfs tmpfs overlay zfs f2fs bcachefs".split())
"""File systems whose change times can be relied on. Some of FUSE's never change a directory's."""

_KEEPS_TIME: dict[int, bool] = {}  # by device number


def _keeps_time(device: int) -> bool:
    known = _KEEPS_TIME.get(device)
    if known is None:
        number = b"%d:%d" % (os.major(device), os.minor(device))
        try:
            with open("/proc/self/mountinfo", "rb") as mounts:
                lines = [line.split() for line in mounts]
        except OSError:
            return False
        known = any(fields[2] == number and fields[fields.index(b"-") + 1] in _TIMEKEEPERS for fields in lines)
        _KEEPS_TIME[device] = known
    return known


class _Files:
    """The file system as this process sees it. What fails raises OSError."""

    prefix = b""
    stat = staticmethod(os.stat)
    lstat = staticmethod(os.lstat)
    readlink = staticmethod(os.readlink)

    def __init__(self) -> None:
        self.marks: dict[bytes, tuple[int, int, int, int]] = {}
        self._parsed: dict[bytes, tuple[int, int, int, Any]] = {}

    def exists(self, path: bytes) -> bool:
        """Whether there is something, be it a link to nowhere. The directory must be searchable."""
        return os.access(path, os.F_OK, follow_symlinks=False)

    def usable(self, path: bytes) -> bool:
        """Git's own test of a directory."""
        return os.access(path, os.X_OK)

    def open(self, path: bytes) -> int:
        """A descriptor to read from. A FIFO doesn't block."""
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)

    def read(self, path: bytes, limit: int) -> bytes:
        """A regular file's content.

        Raises:
            ValueError: it is something else, or longer than `limit` bytes.
        """
        descriptor = self.open(path)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ValueError(f"{_show(path)}: not a regular file")
            content = piece = os.read(descriptor, 8192)
            while piece:
                if len(content) > limit:
                    raise ValueError(f"{_show(path)}: too large")
                piece = os.read(descriptor, 65536)
                content += piece
        finally:
            os.close(descriptor)
        return content

    def mark(self, directory: bytes, status: os.stat_result) -> int:
        """What a directory holds; kept in `marks`, where it counts while the change time stays.

        An entry that comes or goes changes that.

        Raises:
            ValueError: it is no directory, or can't be searched.
        """
        if not stat.S_ISDIR(status.st_mode):
            raise ValueError(f"{_show(directory)}: not a directory")
        if not self.usable(directory):
            raise ValueError(f"{_show(directory)}: can't be searched")
        mark = _HEAD if self.exists(_under(directory, b"HEAD")) else 0
        dot_git = _under(directory, b".git")
        if self.exists(dot_git):
            mark |= _DOT_GIT | (_REAL_DIRECTORY if stat.S_ISDIR(self.lstat(dot_git).st_mode) else 0)
        if self._settled(status):
            _make_room(self.marks)
            self.marks[directory] = (status.st_ctime_ns, status.st_ino, status.st_dev, mark)
        return mark

    def parsed(self, path: bytes, parse: Callable[[bytes], _T], *, follow: bool = True) -> _T | None:
        """What `parse` makes of a file's content, kept while its change time stays. None where there is no such file.

        Args:
            path: the file.
            parse: raises ValueError where the content makes no sense.
            follow: whether a link stands for what it points to, or, as references have it, for `ref: TARGET`.

        Raises:
            ValueError: `parse` raised it, or this is no regular file.
        """
        try:
            status = self.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        known = self._parsed.get(path)
        if (
            known is not None
            and known[0] == status.st_ctime_ns
            and known[1] == status.st_ino
            and known[2] == status.st_dev
        ):
            return cast("_T", known[3])
        try:
            if stat.S_ISLNK(status.st_mode):
                return parse(self.read(path, _CONTENT_MAX) if follow else b"ref: " + self.readlink(path))
            if stat.S_ISDIR(status.st_mode):
                return None
            value = parse(self.read(path, _CONTENT_MAX))
        except ValueError as error:
            raise ValueError(f"{_show(path)}: {error}") from error
        if self._settled(status):
            _make_room(self._parsed)
            self._parsed[path] = (status.st_ctime_ns, status.st_ino, status.st_dev, value)
        return value

    def _settled(self, status: os.stat_result) -> bool:
        return time.time_ns() - status.st_ctime_ns > _SETTLED_NS and _keeps_time(status.st_dev)


def _make_room(kept: dict[bytes, Any]) -> None:
    if len(kept) >= _KEPT_MAX:
        kept.clear()


_FILES = _Files()
_SETTINGS_FILES = _Files()
"""Of its own: what is kept for a path is what one kind of parser made of it."""


class _RootedFiles(_Files):
    """The file system below another root directory. The kernel resolves each path as if that were `/`: openat2(2)."""

    def __init__(self, prefix: bytes) -> None:
        super().__init__()
        import ctypes  # noqa: PLC0415 - most callers share the daemon's root and never need it

        self._errno = ctypes.get_errno
        self._syscall = ctypes.CDLL(None, use_errno=True).syscall
        self._syscall.restype = ctypes.c_long
        self._syscall.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
        self.prefix = prefix
        self._root = os.open(prefix, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Lets go of the root directory."""
        os.close(self._root)

    def _open_below(self, path: bytes, flags: int) -> int:
        if b"\0" in path:
            raise ValueError(f"{_show(path)}: not a path")
        how = struct.pack("=QQQ", flags | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
        descriptor = self._syscall(_SYS_OPENAT2, self._root, path, how, len(how))
        if descriptor < 0:
            number = self._errno()
            raise OSError(number, os.strerror(number), path)
        return int(descriptor)

    def _status(self, path: bytes, flags: int) -> os.stat_result:
        descriptor = self._open_below(path, os.O_PATH | flags)
        try:
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)

    def stat(self, path: bytes) -> os.stat_result:  # type: ignore[override]
        """As os.stat."""
        return self._status(path, 0)

    def lstat(self, path: bytes) -> os.stat_result:  # type: ignore[override]
        """As os.lstat."""
        return self._status(path, os.O_NOFOLLOW)

    def readlink(self, path: bytes) -> bytes:  # type: ignore[override]
        """As os.readlink."""
        descriptor = self._open_below(path, os.O_PATH | os.O_NOFOLLOW)
        try:
            return os.readlink(b"", dir_fd=descriptor)
        finally:
            os.close(descriptor)

    def exists(self, path: bytes) -> bool:
        """As _Files.exists."""
        try:
            self.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def usable(self, path: bytes) -> bool:
        """As _Files.usable."""
        try:
            descriptor = self._open_below(path, os.O_PATH)
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            return os.access(b"/proc/self/fd/%d" % descriptor, os.X_OK)
        finally:
            os.close(descriptor)

    def open(self, path: bytes) -> int:
        """As _Files.open."""
        return self._open_below(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)

    def _settled(self, status: os.stat_result) -> bool:  # noqa: ARG002 - kept for one question only
        return False


_SYS_OPENAT2 = 437  # the same on every architecture that Python's own builds support
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_IN_ROOT = 0x10


# Paths


def _plain(directory: bytes) -> bytes:
    return directory.rstrip(b"/") or b"/"


def _under(directory: bytes, name: bytes) -> bytes:
    return directory + name if directory == b"/" else directory + b"/" + name


def _join(directory: bytes, path: bytes) -> bytes:
    if not path:
        raise ValueError("an empty path")
    return path if path.startswith(b"/") else _under(directory, path)


def _real(files: _Files, path: bytes, *, may_miss_last: bool = False) -> bytes:
    """A path with its links resolved. With `may_miss_last` its last component need not exist, as in realpath(1)."""
    done = b""
    pending = path.split(b"/")[::-1]
    links = 0
    while pending:
        name = pending.pop()
        if name in (b"", b"."):
            continue
        if name == b"..":
            done = done.rpartition(b"/")[0]
            continue
        done += b"/" + name
        try:
            status = files.lstat(done)
        except FileNotFoundError:
            if may_miss_last and not any(pending):
                return done
            raise
        if not stat.S_ISLNK(status.st_mode):
            continue
        links += 1
        if links > _LINKS_MAX or done.startswith(b"/proc/"):
            raise ValueError(f"{_show(path)}: can't be followed")  # /proc/self is another process for the caller
        target = files.readlink(done)
        done = b"" if target.startswith(b"/") else done.rpartition(b"/")[0]
        pending.extend(target.split(b"/")[::-1])
    return done or b"/"


def _show(text: bytes) -> str:
    return repr(text)[1:]


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{_show(os.fsencode(error.filename))}: {error.strerror}"
    return str(error)


# Reftables

_GIT = (b"/usr/bin/git", b"/usr/local/bin/git", b"/bin/git")
"""Never along the caller's PATH, where shims are."""

_GIT_ENVIRONMENT = {
    b"PATH": b"/usr/bin:/bin",
    b"HOME": b"/nonexistent",
    b"LC_ALL": b"C",
    b"GIT_CONFIG_NOSYSTEM": b"1",
    b"GIT_CONFIG_GLOBAL": b"/dev/null",
    b"GIT_OPTIONAL_LOCKS": b"0",
}
_GIT_TIMEOUT = 2.0  # seconds; it takes 2 ms

_Stamp = tuple[int, int, int]
_asked: dict[bytes, tuple[list[_Stamp], str | None]] = {}


def _ask_git(repository: Repository) -> str | None:
    """The branch of a repository with reftables, from git itself, kept while the lists of its tables stay the same."""
    if repository.prefix:
        raise ValueError(f"{_show(repository.git_dir)}: reftables below another root directory")
    git_dir, common = repository.git_dir, repository.common_dir
    lists = [os.stat(base + b"/reftable/tables.list") for base in {git_dir: 0, common: 0}]
    stamps = [(status.st_ctime_ns, status.st_ino, status.st_dev) for status in lists]
    known = _asked.get(git_dir + b"\0" + common)
    if known is not None and known[0] == stamps:
        return known[1]
    git = next((path for path in _GIT if os.access(path, os.X_OK)), None)
    if git is None:
        raise ValueError("no git to read reftables with")
    environment = {**_GIT_ENVIRONMENT, b"GIT_DIR": git_dir}
    if common != git_dir:
        environment[b"GIT_COMMON_DIR"] = common
    status, output = _run([git, b"symbolic-ref", b"-q", b"HEAD"], environment)
    name = output.removesuffix(b"\n")
    if status == 1 and not output:
        answer = None  # detached
    elif status == 0 and name.startswith(b"refs/"):
        answer = _short(name)
    else:
        raise ValueError(f"{_show(git_dir)}: git can't read its reftables")
    if all(_FILES._settled(each) for each in lists):  # noqa: SLF001 - the same module
        _make_room(_asked)
        _asked[git_dir + b"\0" + common] = (stamps, answer)
    return answer


def _run(argv: list[bytes], environment: Mapping[bytes, bytes]) -> tuple[int, bytes]:
    """Runs a program with nothing of ours but a pipe; its exit status (negative: a signal) and output."""
    deadline = time.monotonic() + _GIT_TIMEOUT
    reader, writer = os.pipe()
    try:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, b"/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, writer, 1),
            (os.POSIX_SPAWN_OPEN, 2, b"/dev/null", os.O_WRONLY, 0),
        ]
        defaults = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
        pid = os.posix_spawn(argv[0], argv, environment, file_actions=actions, setsigmask=[], setsigdef=defaults)
    except OSError:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    try:
        output = _read_until(reader, deadline)
    finally:
        os.close(reader)
        status = _end(pid, deadline)
    return status, output


def _read_until(reader: int, deadline: float) -> bytes:
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    output = b""
    while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        piece = os.read(reader, 4096)
        if not piece or len(output) > _REFERENCE_MAX:
            break
        output += piece
    return output


def _end(pid: int, deadline: float) -> int:
    """Waits for a child, ends it at the deadline."""
    descriptor = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
