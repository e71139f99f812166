"""Removal as `rm` does it, up to the deleting: walks, asks and says what rm would.

A directory that would go as a whole is moved as a whole, in one rename, once that is certain. Where something in it
stays (a question answered no, a permission, a mount point), the largest parts that would go are moved instead, and the
rest is left as rm leaves it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable

from safeshell.trash.arguments import ALWAYS, NEVER, Options
from safeshell.trash.errors import RefusedError
from safeshell.trash.kernel import AT_FDCWD, FileStatus, look
from safeshell.trash.permission import Parent, is_write_protected
from safeshell.trash.rm_messages import Talk

_IGNORED = (errno.ENOENT, errno.ENOTDIR, errno.EILSEQ, errno.EINVAL)
"""Errors that -f takes for "it isn't there"."""


class Part:
    """Something that would go as a whole: an entry of an open directory.

    Attributes:
        path: as messages name it.
        space: bytes it takes on the disk, with all that is in it.
        first, last: what of `Talk.lines` is about it.
    """

    __slots__ = ("first", "last", "name", "node", "path", "space")

    def __init__(self, name: bytes, path: bytes, node: FileStatus, space: int, first: int, last: int) -> None:
        self.name = name
        self.path = path
        self.node = node
        self.space = space
        self.first = first
        self.last = last


class Level:
    """A directory that is being walked.

    Attributes:
        parts: what of it would go, and still stands.
        kept: whether something in it stays, so that rm leaves it without a word.
        left: whether something in it stays that rm forgets about: a question answered no. It then tries the directory,
            and finds it not empty.
        space: bytes of all that would go from it.
    """

    __slots__ = ("kept", "left", "parent", "parts", "path", "space")

    def __init__(self, parent: Parent, path: bytes) -> None:
        self.parent = parent
        self.path = path
        self.parts: list[Part] = []
        self.kept = False
        self.left = False
        self.space = 0


Move = Callable[[int, Part], None]
"""Moves a part of a directory, given by its descriptor, to the trash; raises OSError or RefusedError."""


class Removal:
    """One run of rm.

    Args:
        options: what it was told.
        talk: how it speaks.
        move: takes what it would delete.
        move_empty: the same for a directory that may not be read: fails unless it is empty.
    """

    def __init__(self, options: Options, talk: Talk, move: Move, move_empty: Move) -> None:
        self._options = options
        self._talk = talk
        self._move = move
        self._move_empty = move_empty
        self._terminal = options.presume_terminal or os.isatty(0)
        self._device = 0
        self._linked: set[tuple[int, int]] = set()
        self.failed = False

    def remove(self, operand: bytes) -> None:
        """Removes one operand."""
        path = _trim(operand)
        stem = path.rstrip(b"/") or path
        self._linked.clear()
        try:
            node = look(AT_FDCWD, path)
            above = os.open(os.path.dirname(stem) or b".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            self._missing(path, self._unlink_error(path, error.errno or 0))
            return
        try:
            level = Level(Parent(above, look(above, b".")), b"")
            self._device = node.dev
            if not stat.S_ISDIR(node.mode):
                self._file(level, os.path.basename(stem), path, node)
            elif self._may_walk(path, node):
                self._directory(level, os.path.basename(stem), path, node)
            self._move_parts(level)
        finally:
            os.close(above)
            self._talk.end_operand()

    def _unlink_error(self, path: bytes, number: int) -> int:
        """What unlink(2) says where lstat(2) failed and no question comes first; with a slash it never deletes."""
        if path.endswith(b"/") and not self._looks_first():
            try:
                os.unlink(path)
            except OSError as error:
                return error.errno or 0
        return number

    def _looks_first(self) -> bool:
        """Whether rm looks at an entry in order to ask, before it tries to delete it."""
        options = self._options
        if options.interactive == ALWAYS:
            return True
        return options.interactive != NEVER and not options.missing_ok and self._terminal and os.geteuid() != 0

    def _may_walk(self, path: bytes, node: FileStatus) -> bool:
        """What only an operand is asked."""
        options = self._options
        if not options.recursive and not (options.directories and _is_empty(AT_FDCWD, path)):
            return True  # refused as any other directory is
        if os.path.basename(path.rstrip(b"/")) in (b".", b".."):
            quoted = self._talk.quote(path)
            return self._refuse(b"refusing to remove '.' or '..' directory: skipping " + quoted)
        root = os.lstat("/")
        if (node.dev, node.ino) == (root.st_dev, root.st_ino):
            return self._refuse_root(path)
        return not options.preserve_all or self._is_no_mount(path, node)

    def _is_no_mount(self, path: bytes, node: FileStatus) -> bool:
        above = path.rstrip(b"/") + b"/.."
        quoted = self._talk.quote(path)
        try:
            device = look(AT_FDCWD, above).dev
        except OSError:
            return self._refuse(b"failed to stat " + self._talk.quote(above) + b": skipping " + quoted)
        if device != node.dev:
            self._refuse(b"skipping " + quoted + b", since it's on a different device")
            return self._refuse(b"and --preserve-root=all is in effect")
        return True

    def _refuse_root(self, path: bytes) -> bool:
        quoted = self._talk.quote(path)
        if not (self._options.recursive and self._options.preserve_root):
            return self._refuse(b"cannot remove " + quoted + b": the root directory can't go to the trash")
        same = b"" if path == b"/" else b" (same as '/')"
        self._refuse(b"it is dangerous to operate recursively on " + quoted + same)
        return self._refuse(b"use --no-preserve-root to override this failsafe")

    def _refuse(self, text: bytes) -> bool:
        self._talk.complain(text)
        self.failed = True
        return False

    def _cannot(self, path: bytes, reason: str) -> None:
        self._refuse(b"cannot remove " + self._talk.quote(path) + b": " + reason.encode())

    def _missing(self, path: bytes, number: int) -> None:
        if not (self._options.missing_ok and number in _IGNORED):
            self._cannot(path, os.strerror(number))

    def _file(self, level: Level, name: bytes, path: bytes, node: FileStatus) -> None:
        if not self._agreed(level.parent.fd, name, path, node):
            level.left = True
            return
        forbidden = level.parent.forbids_entry(node)
        if forbidden:
            self._cannot(path, os.strerror(forbidden))
            level.kept = True
            return
        self._say(b"removed ", path)
        self._goes(level, Part(name, path, node, self._space(node), len(self._talk.lines), 0))

    def _space(self, node: FileStatus) -> int:
        """Bytes that a file takes on the disk, the first time it is met under any of its names."""
        if node.nlink > 1:
            if (node.dev, node.ino) in self._linked:
                return 0
            self._linked.add((node.dev, node.ino))
        return node.space

    def _goes(self, level: Level, part: Part) -> None:
        part.last = len(self._talk.lines)
        part.first = min(part.first, part.last - 1 if self._options.verbose else part.last)
        level.parts.append(part)
        level.space += part.space

    def _say(self, what: bytes, path: bytes) -> None:
        if self._options.verbose:
            self._talk.lines.append(what + self._talk.quote(path) + b"\n")

    def _directory(self, level: Level, name: bytes, path: bytes, node: FileStatus) -> None:
        options, first = self._options, len(self._talk.lines)
        if not options.recursive and not (options.directories and _is_empty(level.parent.fd, name)):
            self._cannot(path, os.strerror(errno.ENOTEMPTY if options.directories else errno.EISDIR))
            level.kept = True
            return
        asked = self._asks(level.parent.fd, name, node)
        empty = asked and _is_empty(level.parent.fd, name)
        if not self._agreed(level.parent.fd, name, path, node, descend=not empty):
            level.kept = True
            return
        if options.one_file_system and node.dev != self._device:
            self._refuse(b"skipping " + self._talk.quote(path) + b", since it's on a different device")
            level.kept = True
            return
        # A link named with a slash behind it is walked, and itself stays.
        link = path.endswith(b"/") and stat.S_ISLNK(look(level.parent.fd, name).mode)
        try:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (0 if link else os.O_NOFOLLOW)
            descriptor = os.open(name, flags, dir_fd=level.parent.fd)
        except OSError as error:
            self._unreadable(level, Part(name, path, node, node.space, first, 0), error, asked=empty)
            return
        try:
            inner = Level(Parent(descriptor, node), path)
            self._walk(inner)
            self._leave(level, inner, Part(name, path, node, node.space, first, 0), asked=empty, link=link)
        finally:
            os.close(descriptor)

    def _walk(self, level: Level) -> None:
        prefix = level.path if level.path.endswith(b"/") else level.path + b"/"
        for entry in os.listdir(level.parent.fd):
            name = os.fsencode(entry)
            path = prefix + name
            try:
                node = look(level.parent.fd, name)
            except OSError as error:
                self._unseen(level, path, error.errno or 0)
                continue
            if stat.S_ISDIR(node.mode):
                self._directory(level, name, path, node)
            else:
                self._file(level, name, path, node)

    def _unseen(self, level: Level, path: bytes, number: int) -> None:
        """An entry of a directory that may be read and not searched, or that has gone meanwhile."""
        if not (self._options.missing_ok and number in _IGNORED):
            self._cannot(path, os.strerror(number))
            level.left |= self._looks_first()
            level.kept |= not self._looks_first()

    def _leave(self, level: Level, inner: Level, part: Part, *, asked: bool, link: bool) -> None:
        """Decides a directory once all in it is decided."""
        if self._may_leave(level, inner, part, asked=asked, link=link):
            part.space += inner.space
            self._say(b"removed directory ", part.path)
            self._goes(level, part)
        else:
            self._move_parts(inner)

    def _may_leave(self, level: Level, inner: Level, part: Part, *, asked: bool, link: bool) -> bool:
        if inner.kept:
            level.kept = True
            return False
        if not (asked or self._agreed(level.parent.fd, part.name, part.path, part.node)):
            level.left = True
            return False
        forbidden = errno.ENOTDIR if link else level.parent.forbids_entry(part.node)
        if not forbidden and inner.left:
            forbidden = errno.ENOTEMPTY
        if forbidden:
            self._missing(part.path, forbidden)
            level.kept = True
        return not forbidden

    def _unreadable(self, level: Level, part: Part, error: OSError, *, asked: bool) -> None:
        """A directory that can't be opened goes if it is empty, which only removing it can tell."""
        if not (asked or self._agreed(level.parent.fd, part.name, part.path, part.node)):
            level.left = True
            return
        try:
            forbidden = level.parent.forbids_entry(part.node)
            if forbidden:
                raise OSError(forbidden, os.strerror(forbidden))
            self._move_empty(level.parent.fd, part)
        except OSError as problem:
            level.kept = True
            if self._options.missing_ok and problem.errno in _IGNORED:
                return
            meaningless = problem.errno in (errno.ENOTEMPTY, errno.EISDIR, errno.ENOTDIR, errno.EEXIST)
            reason = error if meaningless else problem
            self._cannot(part.path, reason.strerror or os.strerror(reason.errno or 0))
        except RefusedError as refusal:
            self._cannot(part.path, refusal.reason)
            level.kept = True
        else:
            self._say(b"removed directory ", part.path)

    def _move_parts(self, level: Level) -> None:
        for part in level.parts:
            reason = self._try_to_move(level.parent.fd, part)
            if reason is not None:
                self._talk.lines[part.first : part.last] = [b""] * (part.last - part.first)
            if reason:
                self._cannot(part.path, reason)
        level.parts.clear()

    def _try_to_move(self, directory: int, part: Part) -> str | None:
        """Moves a part; returns why it could not be, "" where that is nothing to speak of."""
        try:
            self._move(directory, part)
        except FileNotFoundError as error:
            gone = self._options.missing_ok and _is_gone(directory, part.name)
            return "" if gone else error.strerror or ""
        except OSError as error:
            return error.strerror or os.strerror(error.errno or 0)
        except RefusedError as refusal:
            return refusal.reason
        return None

    def _asks(self, directory: int, name: bytes, node: FileStatus) -> bool:
        """Whether rm asks about an entry before it removes it."""
        if self._options.interactive == ALWAYS or not self._looks_first():
            return self._options.interactive == ALWAYS
        try:
            return is_write_protected(directory, name, node)
        except OSError:
            return True

    def _agreed(self, directory: int, name: bytes, path: bytes, node: FileStatus, *, descend: bool = False) -> bool:
        if not self._asks(directory, name, node):
            return True
        try:
            protected = self._terminal or self._options.interactive == ALWAYS
            protected = protected and not self._options.missing_ok and is_write_protected(directory, name, node)
        except OSError as error:
            self._cannot(path, error.strerror or "")
            return False
        kind = b"write-protected " if protected else b""
        if descend and stat.S_ISDIR(node.mode):
            question = b"descend into " + kind + b"directory "
        else:
            question = b"remove " + kind + _kind(node) + b" "
        return self._talk.ask(question + self._talk.quote(path))


def _trim(operand: bytes) -> bytes:
    """Two and more slashes at the end are one; nothing but more than two is the root."""
    kept = operand.rstrip(b"/")
    if len(operand) - len(kept) < 2 or operand == b"//":
        return operand
    return kept + b"/"


def _is_gone(directory: int, name: bytes) -> bool:
    try:
        look(directory, name)
    except FileNotFoundError:
        return True
    return False


def _is_empty(directory: int, name: bytes) -> bool:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
    except OSError:
        return False
    try:
        return not os.listdir(descriptor)
    finally:
        os.close(descriptor)


def _kind(node: FileStatus) -> bytes:
    if stat.S_ISREG(node.mode):
        return b"regular file" if node.size else b"regular empty file"
    names = {
        stat.S_IFDIR: b"directory",
        stat.S_IFLNK: b"symbolic link",
        stat.S_IFIFO: b"fifo",
        stat.S_IFSOCK: b"socket",
        stat.S_IFBLK: b"block special file",
        stat.S_IFCHR: b"character special file",
    }
    return names.get(stat.S_IFMT(node.mode), b"weird file")
