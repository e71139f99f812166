"""Fingerprint of a compilation: with the same sources and the same compiler it would say again what it said.

Knows neither the rule model nor YAML, so that saying again costs next to nothing. Where anything is in doubt, it says
that something changed: then everything is compiled.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import time
from collections.abc import Iterable, Mapping
from importlib.machinery import PathFinder
from typing import Any

import safeshell
from safeshell.home.repository_rules import repository_root
from safeshell.policy.store.records import signature

State = list[Any]
"""State of a file or directory that a compilation can depend on; as JSON has it."""

_REALTIME_COARSE = 5
"""The clock (clock_gettime(2)) that file systems take their times from; Python has no name for it."""

_LIBRARIES = ("pydantic", "pydantic_core", "re2", "yaml")
"""Libraries that decide together with the compiler whether rules are well formed."""


def now() -> int:
    """The time, in ns, that a file gets which is changed now."""
    return time.clock_gettime_ns(_REALTIME_COARSE)


def describe(paths: Mapping[str, str | None], since: int) -> dict[str, State] | None:
    """Sources that a compilation rests on.

    Args:
        paths: each source with the digest (SHA-256, hex) of what was read of it; None for a directory and for what
            could not be read.
        since: `now()` before the compilation.

    Returns:
        For each path its state; None where one of them may have changed since the compilation began.
    """
    found = {}
    for path in _with_directories(paths):
        state, changed = _look(path)
        if changed >= since or (paths.get(path) is not None and state[-1] != paths[path]):
            return None
        found[path] = state
    return found


def same(states: Mapping[str, State]) -> bool:
    """Whether all of it is as it was, down to the files' contents."""
    return all(_look(path)[0] == state for path, state in states.items())


def circumstances(rules: str) -> list[Any]:
    """Circumstances of a compilation: who asks, where the rules' repository ends, and the compiler."""
    return [os.geteuid(), repository_root(rules), safeshell.__version__, sys.version, _installation()]


def _with_directories(paths: Iterable[str]) -> list[str]:
    """The paths and the directories that they stand in, whose owner and mode count for a repository's rules."""
    return sorted({*paths, *(os.path.dirname(path) for path in paths)})


def _look(path: str) -> tuple[State, int]:
    """A path's state, and when it last changed (ns; 0 where it can't be read)."""
    real = os.path.realpath(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            status = os.fstat(descriptor)
            return [real, status.st_uid, status.st_mode, _content(descriptor, status.st_mode)], status.st_ctime_ns
        finally:
            os.close(descriptor)
    except OSError as error:
        return [real, error.errno], 0


def _content(descriptor: int, mode: int) -> str | list[str] | None:
    """A file's digest, or a directory's rules files: a home's other files come and go."""
    if stat.S_ISDIR(mode):
        return sorted(name for name in os.listdir(descriptor) if name.endswith(".yaml"))
    if not stat.S_ISREG(mode):
        return None
    with open(descriptor, "rb", closefd=False) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _installation() -> str:
    """Digest of the compiler and its libraries: an upgrade or an edit of a file gives another text."""
    lines: list[str] = []
    for name in ("safeshell", "safeshell_compiler", *_LIBRARIES):
        spec = PathFinder.find_spec(name)
        if spec is None or spec.origin is None:
            lines.append(name)
        else:
            files = [spec.origin] if name in _LIBRARIES else _modules(os.path.dirname(spec.origin))
            lines.extend(f"{file} {signature(file)}" for file in files)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _modules(directory: str) -> list[str]:
    """The Python files of a package."""
    found: list[str] = []
    for base, directories, files in os.walk(directory):
        directories[:] = [name for name in directories if name != "__pycache__"]
        found.extend(os.path.join(base, name) for name in files if name.endswith(".py"))
    return sorted(found)
