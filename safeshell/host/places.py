"""Places that rules name: the home, the project, temporary directories and the system's, as paths on this machine."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from safeshell.errors import UndecidedError
from safeshell.host.mounts import unescape
from safeshell.host.path_resolution import is_under

HOME, PROJECT, TEMPORARY, SYSTEM = NAMES = ("@home", "@project", "@temporary", "@system")
"""What a rule calls them; `~` is the home, too."""

ROOT = b"/"

_TEMPORARY = (b"/tmp", b"/var/tmp")  # named, not used
_HOMES = (b"/home", b"/root")
"""Directories at the root that hold homes, and none of the system's files."""

_OF_THE_KERNEL = (b"/proc/", b"/sys/", b"/dev/")
"""File systems below these are nobody's to put files into."""


class Region(NamedTuple):
    """Directories with all that lies below them, but for some of that.

    Attributes:
        tops: the directories, links resolved.
        but: what of it doesn't count, with all that lies below.
    """

    tops: tuple[bytes, ...] = ()
    but: tuple[bytes, ...] = ()

    def holds(self, path: bytes) -> bool:
        """Whether a resolved path is one of the directories, or lies in one."""
        return any(
            is_under(path, top) and not any(is_under(path, out) and is_under(out, top) for out in self.but)
            for top in self.tops
        )

    def is_covered_by(self, path: bytes) -> bool:
        """Whether a resolved path is one of the directories, or lies above one."""
        return any(is_under(top, path) for top in self.tops)


Resolve = Callable[[bytes], bytes]
"""Where an absolute path leads, links resolved; raises UndecidedError where that can't be told."""


def split_place(path: str) -> tuple[str, str]:
    """A rule's path as the name of a place, or "", and the rest; `~` and what follows it is of the home."""
    if path == "~" or path.startswith("~/"):
        return HOME, path[1:]
    return (path, "") if path in NAMES else ("", path)


@functools.cache
def account_home() -> bytes | None:
    """The home that the account has, whatever a variable says; None where it has none."""
    import pwd  # noqa: PLC0415 # only where a rule asks

    try:
        found = os.fsencode(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return None
    return found if found.startswith(b"/") else None


def homes(variable: bytes | None) -> tuple[bytes, ...]:
    """The account's home and the one that HOME names, as they are written.

    Raises:
        UndecidedError: there is neither.
    """
    given = variable if variable is not None and variable.startswith(b"/") else None
    found = tuple(dict.fromkeys([each for each in (account_home(), given) if each is not None]))
    if not found:
        raise UndecidedError("HOME is not a path, and the account has no home")
    return found


class Places:
    """The places as one request sees them, each found out once.

    Args:
        resolve: where a path leads.
        variable: HOME's value in the request's environment; None where it isn't there.
        directory: the one that the project is around; raises UndecidedError where it can't be told.
        spare: called with what is to be looked at next; raises where it may not be.
    """

    __slots__ = ("_directory", "_found", "_resolve", "_spare", "_variable")

    def __init__(
        self,
        resolve: Resolve,
        variable: bytes | None,
        directory: Callable[[], bytes],
        spare: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self._resolve = resolve
        self._variable = variable
        self._directory = directory
        self._spare = spare
        self._found: dict[str, Region] = {}

    def region(self, name: str) -> Region:
        """What a place is.

        Raises:
            UndecidedError: that can't be told.
        """
        if name not in self._found:
            self._found[name] = _FINDERS[name](self)
        return self._found[name]

    def _home(self) -> Region:
        return Region(tuple(dict.fromkeys(map(self._resolve, homes(self._variable)))))

    def _homes(self) -> tuple[bytes, ...]:
        """The homes as far as there are any; the root directory is none that anything lies in."""
        try:
            return tuple([home for home in self.region(HOME).tops if home != ROOT])
        except UndecidedError:
            return ()

    def _temporary(self) -> Region:
        tops = [self._resolve(path) for path in _TEMPORARY]
        named = os.environb.get(b"TMPDIR", b"")
        if named.startswith(b"/"):
            own = self._resolve(named)
            home = any(is_under(own, each) or is_under(each, own) for each in self._homes())
            if own != ROOT and not home and not self._system_but(tops).holds(own):
                tops.append(own)
        return Region(tuple(dict.fromkeys(tops)))

    def _system(self) -> Region:
        return self._system_but(self.region(TEMPORARY).tops)

    def _system_but(self, temporary: Iterable[bytes]) -> Region:
        but = dict.fromkeys([*_HOMES, *self._homes(), *temporary, *_mounts_of_the_user()])
        tops = [entry for entry in _directories_at_the_root() if entry not in but]
        return Region(tuple(tops), tuple([out for out in but if any(is_under(out, top) for top in tops)]))

    def _project(self) -> Region:
        directory = self._directory()
        self._spare(directory)
        found = directory
        while found != ROOT:
            if os.path.lexists(found + b"/.git"):
                return Region((found,))
            found = os.path.dirname(found)
        above_a_home = any(is_under(home, directory) for home in self._homes())
        if directory == ROOT or above_a_home or self.region(SYSTEM).holds(directory):
            return Region()
        return Region((directory,))


_FINDERS: dict[str, Callable[[Places], Region]] = {
    HOME: Places._home,  # noqa: SLF001 # of the class above
    PROJECT: Places._project,  # noqa: SLF001
    TEMPORARY: Places._temporary,  # noqa: SLF001
    SYSTEM: Places._system,  # noqa: SLF001
}


def _directories_at_the_root() -> list[bytes]:
    """Links there are none: what they lead to lies in a directory that counts or doesn't."""
    try:
        with os.scandir(ROOT) as entries:
            return sorted([entry.path for entry in entries if entry.is_dir(follow_symlinks=False)])
    except OSError as error:
        raise UndecidedError(f"/: {error.strerror}") from error


def _mounts_of_the_user() -> Iterator[bytes]:
    """Where file systems are mounted that are the user's own; root has none that isn't the system's."""
    user = os.getuid()
    if user == 0:
        return
    try:
        with open("/proc/self/mountinfo", "rb") as stream:
            lines = stream.read().splitlines()
    except OSError as error:
        raise UndecidedError(f"/proc/self/mountinfo: {error.strerror}") from error
    for line in lines:
        fields, _, rest = line.partition(b" - ")
        point = unescape(fields.split(b" ")[4])
        kind, _, options = rest.split(b" ", 2)
        if point == ROOT or point.startswith(_OF_THE_KERNEL):
            continue
        if b"user_id=%d" % user in options.split(b",") or (kind in _LOCAL and _owner(point) == user):
            yield point


_LOCAL = frozenset(
    b"bcachefs btrfs exfat ext2 ext3 ext4 f2fs iso9660 ntfs3 overlay ramfs tmpfs udf vfat xfs zfs".split()
)
"""Types of file systems whose owner can be asked for without waiting for somebody else."""


def _owner(path: bytes) -> int | None:
    try:
        return os.stat(path).st_uid
    except OSError:
        return None


def given_region(name: str, home: bytes | None, project: bytes | None) -> Region:
    """A place where somebody states the world, worked out without a look at this machine.

    Args:
        name: the place's.
        home: the home; None where it isn't stated.
        project: the directory that the project is around; None where there is none.

    Raises:
        UndecidedError: it hangs on what isn't stated.
    """
    if name == HOME:
        if home is None:
            raise UndecidedError("HOME is not a path")
        return Region((home,))
    if name == TEMPORARY:
        return Region(_TEMPORARY)
    if name == SYSTEM:
        return Region(_STATED_SYSTEM, _TEMPORARY)
    return Region() if project is None else Region((project,))


_STATED_SYSTEM = tuple(
    [b"/" + name for name in b"bin boot dev etc lib lib64 media mnt opt proc run sbin srv sys usr var".split()]
)
