"""Where the caller is: its working directory as a path in its own view."""

from __future__ import annotations

import os

_DELETED = b" (deleted)"


def working_directory(descriptor: int | None, pid: int, *, same_view: bool) -> bytes | None:
    """The caller's working directory, links resolved, as the caller itself sees it.

    Args:
        descriptor: an O_PATH descriptor of it, or None: then the kernel's link for the process is read.
        pid: the caller.
        same_view: whether it has the daemon's mount namespace and root.

    Returns:
        The path, or None where it has none: deleted, unreachable, not to be read.
    """
    link = b"/proc/%d/cwd" % pid if descriptor is None else b"/proc/self/fd/%d" % descriptor
    try:
        path = os.readlink(link)
        if path.endswith(_DELETED) and os.stat(link).st_nlink == 0:
            return None
        if not same_view:
            # The kernel tells the path from the top of the caller's mounts; a caller in a chroot sees less of it.
            root = os.readlink(b"/proc/%d/root" % pid)
            if root != b"/":
                if path != root and not path.startswith(root + b"/"):
                    return None
                path = path[len(root) :] or b"/"
    except OSError:
        return None
    return path if path.startswith(b"/") else None
