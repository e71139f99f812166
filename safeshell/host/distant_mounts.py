"""Mounts that may not answer: file systems whose data another process or machine has, and which paths lie on one.

Whoever touches a path on such a mount waits as long as that one likes, and the kernel lets it do nothing else. What is
asked here touches nothing: names are compared with the kernel's list of mounts, and links are read one name at a time,
each only once it is known that it doesn't lie there.
"""

from __future__ import annotations

from safeshell.errors import DistantError, UndecidedError
from safeshell.host.path_resolution import Resolver

_REMOTE = frozenset(
    b"fuse fuseblk nfs nfs4 cifs smb3 smbfs 9p virtiofs vboxsf prl_fs ceph afs autofs lustre gpfs beegfs ocfs2 gfs2 "
    b"orangefs pvfs2 coda ncpfs panfs".split()
)
"""Types of file systems, as mountinfo has them, that ask somebody else."""

ROOT = b"/"


class Mounts:
    """The mounts that may not answer.

    A root directory of such a kind counts as local: where that doesn't answer nothing runs.

    Args:
        content: of a mountinfo, as proc_pid_mountinfo(5) has it.

    Attributes:
        points: where they are mounted; nearly everywhere there are none.
    """

    __slots__ = ("_tops", "points")

    def __init__(self, content: bytes = b"") -> None:
        found = set()
        for line in content.split(b"\n"):
            fields, separator, rest = line.partition(b" - ")
            kind = rest.split(b" ", 1)[0]
            if separator and (kind in _REMOTE or kind.startswith(b"fuse.")):
                found.add(_unescaped(fields.split(b" ")[4]))
        self.points = tuple(sorted(found - {ROOT}))
        self._tops = tuple([point + b"/" for point in self.points])

    def over(self, path: bytes) -> bytes | None:
        """The mount that a path lies on by its names, or None. What is mounted below one counts, too."""
        if self._tops and (path + b"/").startswith(self._tops):
            return next(point for point in self.points if (path + b"/").startswith(point + b"/"))
        return None

    def check(self, path: bytes) -> None:
        """Looks whether an absolute path leads to such a mount, links followed.

        Raises:
            DistantError: it does.
            UndecidedError: it can't be told where it leads.
        """
        if self.points:
            Resolver(self).resolve(path)

    def leads_there(self, path: bytes) -> bool:
        """Likewise, in a word; no for a path that leads nowhere."""
        try:
            self.check(path)
        except DistantError:
            return True
        except UndecidedError:
            return False
        return False


def _unescaped(path: bytes) -> bytes:
    r"""A path without the kernel's escapes of blanks, newlines and backslashes (`\040`)."""
    first, *others = path.split(b"\\")
    return first + b"".join(bytes([int(part[:3], 8)]) + part[3:] for part in others)


NONE = Mounts()


def read(path: str = "/proc/self/mountinfo") -> Mounts:
    """Those of a process; none where that can't be read."""
    try:
        with open(path, "rb") as stream:
            return Mounts(stream.read())
    except OSError:
        return NONE
