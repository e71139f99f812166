"""Branches of repositories with reftables, from git itself."""

from __future__ import annotations

import os

from safeshell.host.git.change_times import is_settled
from safeshell.host.git.files import make_room
from safeshell.host.git.model import Repository
from safeshell.host.git.paths import show
from safeshell.host.process.output import run

_GIT = (b"/usr/bin/git", b"/usr/local/bin/git", b"/bin/git")
"""Never along the caller's PATH, where shims are."""

_ENVIRONMENT = {
    b"PATH": b"/usr/bin:/bin",
    b"HOME": b"/nonexistent",
    b"LC_ALL": b"C",
    b"GIT_CONFIG_NOSYSTEM": b"1",
    b"GIT_CONFIG_GLOBAL": b"/dev/null",
    b"GIT_OPTIONAL_LOCKS": b"0",
}
_TIMEOUT = 2.0  # seconds; it takes 2 ms

_Stamp = tuple[int, int, int]
_asked: dict[bytes, tuple[list[_Stamp], bytes | None]] = {}


def read_head(repository: Repository) -> bytes | None:
    """The full name of the branch that HEAD names, None where it is detached; kept while the lists of tables stay.

    Raises:
        OSError, ValueError: git isn't there, or can't tell.
    """
    if repository.prefix:
        raise ValueError(f"{show(repository.git_dir)}: reftables below another root directory")
    git_dir, common = repository.git_dir, repository.common_dir
    lists = [os.stat(base + b"/reftable/tables.list") for base in {git_dir: 0, common: 0}]
    stamps = [(status.st_ctime_ns, status.st_ino, status.st_dev) for status in lists]
    known = _asked.get(git_dir + b"\0" + common)
    if known is not None and known[0] == stamps:
        return known[1]
    git = next((path for path in _GIT if os.access(path, os.X_OK)), None)
    if git is None:
        raise ValueError("no git to read reftables with")
    environment = {**_ENVIRONMENT, b"GIT_DIR": git_dir}
    if common != git_dir:
        environment[b"GIT_COMMON_DIR"] = common
    status, output = run([git, b"symbolic-ref", b"-q", b"HEAD"], environment, _TIMEOUT)
    if status == 1 and not output:
        name = None  # detached
    elif status == 0 and output.startswith(b"refs/"):
        name = output.removesuffix(b"\n")
    else:
        raise ValueError(f"{show(git_dir)}: git can't read its reftables")
    if all(map(is_settled, lists)):
        make_room(_asked)
        _asked[git_dir + b"\0" + common] = (stamps, name)
    return name
