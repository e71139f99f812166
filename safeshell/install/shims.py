"""Shims: a hard link to the client for each command that the tables dispatch on and for each wrapper around one."""

from __future__ import annotations

import fnmatch
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from safeshell.command.programs.wrappers import TAKEN_OFF
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.host.path_lookup import SHIM_MARKER, Programs
from safeshell.install.native import bash_client, native_client
from safeshell.policy.table import Table


@dataclass(frozen=True, slots=True)
class Synced:
    """Result of `sync`.

    Attributes:
        client: the client that the shims are.
        native: whether it is the native one.
        added, removed, kept: names.
    """

    client: str
    native: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]


def wanted(tables: Iterable[Table], settings: Settings, path: Sequence[str]) -> list[str]:
    """The commands to shim, of those that are installed: what the tables dispatch on, the settings' extra less except.

    Where there is any, the wrappers too: they may run one by a path that leads past its shim.
    """
    exact: set[str] = set()
    globs: set[str] = set()
    for table in tables:
        exact |= table.exact.keys()
        globs |= {glob for glob, _ in table.globs}
    exact |= set(settings.shims_extra)
    installed = _installed(path)
    names = {name for name in installed if name in exact or any(fnmatch.fnmatchcase(name, glob) for glob in globs)}
    names -= set(settings.shims_except)
    wrappers = (installed & TAKEN_OFF) - set(settings.shims_except) if names else set()
    return sorted(names | wrappers)


def _installed(path: Sequence[str]) -> set[str]:
    programs = Programs()
    names = set()
    for directory in path:
        try:
            entries = list(os.scandir(directory or "."))
        except OSError:
            continue
        for entry in entries:
            if entry.name in names or not os.access(entry.path, os.X_OK) or not entry.is_file():
                continue
            if not programs.is_shim(os.fsencode(entry.path), entry.stat()):
                names.add(entry.name)
    return names


def missing(home: Home, tables: Iterable[Table], settings: Settings) -> list[str]:
    """The commands that are wanted and not shimmed."""
    present = set(list_shims(home))
    return [name for name in wanted(tables, settings, _path()) if name not in present]


def _path() -> list[str]:
    return os.environ.get("PATH", os.defpath).split(":")


def sync(home: Home, tables: Iterable[Table], settings: Settings, client: str | None = None) -> Synced:
    """Makes the shim directory hold exactly the wanted commands, each a hard link to one copy of the client.

    A copy, for a link into an installation that is removed would let commands through unseen.

    Raises:
        SafeShellError: a foreign file stands in the way, or the directory can't be written.
    """
    kind = client or settings.shims_client
    native = native_client() if kind == "native" else None
    source = native or bash_client()
    try:
        return _sync(home, wanted(tables, settings, _path()), source, native)
    except OSError as error:
        raise SafeShellError(f"can't write {home.shims}: {error.strerror}") from error


def _sync(home: Home, names: Sequence[str], source: str, native: str | None) -> Synced:
    os.makedirs(home.shims, mode=0o700, exist_ok=True)
    present = list_shims(home)
    foreign = [name for name in names if name not in present and os.path.lexists(os.path.join(home.shims, name))]
    if foreign:
        raise SafeShellError(f"{os.path.join(home.shims, foreign[0])} is no shim of SafeShell", hint="move it away")
    master = os.path.join(home.shims, f".client-{os.getpid()}")
    shutil.copyfile(source, master)
    os.chmod(master, 0o755)  # noqa: S103 # as installed programs are; the directory keeps others out
    try:
        for name in names:
            aside = f"{master}-link"
            os.link(master, aside)
            os.rename(aside, os.path.join(home.shims, name))  # a running shim keeps its own inode
    finally:
        os.unlink(master)
    removed = [name for name in present if name not in names]
    for name in removed:
        os.unlink(os.path.join(home.shims, name))
    return Synced(
        client=source,
        native=native is not None,
        added=tuple(name for name in names if name not in present),
        removed=tuple(removed),
        kept=tuple(name for name in names if name in present),
    )


def list_shims(home: Home) -> list[str]:
    """The commands that are shimmed."""
    found = []
    try:
        entries = list(os.scandir(home.shims))
    except OSError:
        return []
    for entry in entries:
        try:
            if entry.name.startswith(".") or not entry.is_file():
                continue
            with open(entry.path, "rb") as stream:
                if SHIM_MARKER in stream.read(256 << 10):
                    found.append(entry.name)
        except OSError:
            continue
    return sorted(found)


def remove(home: Home, names: Iterable[str] = ()) -> list[str]:
    """Removes these shims, or all; returns what was removed.

    Raises:
        SafeShellError: a name is no shim.
    """
    present = list_shims(home)
    chosen = list(names) or present
    unknown = [name for name in chosen if name not in present]
    if unknown:
        raise SafeShellError(f"{unknown[0]} is not shimmed", hint="see `safeshell shims list`")
    for name in chosen:
        os.unlink(os.path.join(home.shims, name))
    return chosen
