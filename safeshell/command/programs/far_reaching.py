"""Programs whose reach hangs on a file name: recursive deletions and changes of mode or owner, and disk tools.

A name that only the run can tell may be any path for them; for all others it is one of the project's.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

_RECURSIVE = ("-r", "-R", "--recursive")
_CHANGING = ("-R", "--recursive")
_FOUND = ("-delete", "-exec", "-execdir", "-ok", "-okdir", "-fprint")
_MIRRORING = (
    *("--del", "--delete", "--delete-before", "--delete-during", "--delete-delay", "--delete-after"),
    *("--delete-excluded", "--remove-source-files"),
)

FAR_REACHING: dict[str, tuple[str, ...]] = {
    "rm": _RECURSIVE,
    "srm": _RECURSIVE,
    **dict.fromkeys(("chmod", "chown", "chgrp", "setfacl", "chcon", "chattr"), _CHANGING),
    **dict.fromkeys(("find", "gfind"), _FOUND),
    **dict.fromkeys(("fd", "fdfind"), ("-x", "--exec", "-X", "--exec-batch")),
    "rsync": _MIRRORING,
    "aws": ("--recursive", "--delete", "--force"),
    **dict.fromkeys(("gsutil", "gcloud", "az"), _RECURSIVE),
    **dict.fromkeys(("dd", "mkfs", "mkfs.*", "mke2fs", "mkswap", "mkntfs", "wipefs", "blkdiscard", "shred"), ()),
    **dict.fromkeys(("hdparm", "nvme", "badblocks", "fdisk", "gdisk", "cfdisk", "cgdisk", "sfdisk", "sgdisk"), ()),
    **dict.fromkeys(("parted", "lvremove", "vgremove", "pvremove", "lvreduce", "zpool", "zfs", "mdadm"), ()),
    **dict.fromkeys(("cryptsetup", "btrfs"), ()),
}
"""The options that make each so, by basename or glob; none: always."""


BEFORE_FILES = dict.fromkeys(("chmod", "chown", "chgrp", "chattr", "chcon"), 1)
"""How many operands stand before the files: a mode, an owner. None where `--reference` gives it."""


def far_reaching(name: str) -> tuple[str, ...] | None:
    """The options that make a command of this basename so, none where it always is; None where it never is."""
    found = FAR_REACHING.get(name)
    if found is None and "." in name:
        found = next((options for glob, options in FAR_REACHING.items() if fnmatchcase(name, glob)), None)
    return found
