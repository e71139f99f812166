"""References: what HEAD and branches name."""

from __future__ import annotations

import re

from safeshell.host.git.files import Files
from safeshell.host.git.model import Repository
from safeshell.host.git.paths import show

_REFTABLE_HEAD = b"refs/heads/.invalid"
"""Target of HEAD where references are kept in reftables, so that old versions of git fail."""

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


def read_branch(files: Files, repository: Repository) -> str | None:
    """The branch that HEAD names, in short; None where it is detached.

    Raises:
        OSError, ValueError: HEAD, or the branch it names, can't be read or is broken.
    """
    name = read_reference(files, repository.git_dir, b"HEAD")
    if not name:
        return None
    if name == _REFTABLE_HEAD:
        from safeshell.host.git import reftable  # noqa: PLC0415 # few repositories have them

        branch = reftable.read_head(repository)
        return None if branch is None else _short(branch)
    for _ in range(_SYMBOLIC_DEPTH - 1):
        base = repository.git_dir if name.startswith(_PER_WORK_TREE) else repository.common_dir
        target = read_reference(files, base, name)
        if not target:
            return _short(name)
        name = target
    raise ValueError(f"{show(repository.git_dir)}: symbolic references nest too deep")


def _short(name: bytes) -> str:
    namespace = next(namespace for namespace in _NAMESPACES if name.startswith(namespace))
    return name[len(namespace) :].decode("utf-8", "replace")


def read_reference(files: Files, base: bytes, name: bytes) -> bytes:
    """Target of a loose reference; b"" where it holds an object, is packed or isn't there yet."""
    target = files.parsed(base + b"/" + name, _parse_reference, follow=False)
    if target is not None:
        return target
    if name == b"HEAD":
        raise ValueError(f"{show(base)}: no HEAD")
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
