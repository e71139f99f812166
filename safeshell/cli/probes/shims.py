"""Probes of the shims: which client they are, and whether each name has one."""

from __future__ import annotations

import os
from collections.abc import Sequence

from safeshell.cli.probes.model import Probe
from safeshell.errors import SafeShellError
from safeshell.home.in_force import asked
from safeshell.home.paths import Home
from safeshell.install.native import bash_client, native_client, why_not_static
from safeshell.install.shims import lacking


def probe_client(home: Home, names: Sequence[str]) -> Probe:
    """Has each command that the rules are about its shim, of this installation?"""
    if not names:
        return Probe("shims", False, f"there are none in {home.shims}", "run `safeshell shims sync`")
    try:
        bare = lacking(home)
        settings = asked(home)[1]
    except SafeShellError as error:
        return Probe("shims", False, error.message, error.hint)
    if bare:
        found = f"the rules are about commands without a shim: {_few(bare)}"
        return Probe("shims", False, found, "run `safeshell shims sync`")
    clients = _clients()
    kinds = {clients.get(_content(os.path.join(home.shims, name)), "") for name in names}
    if "" in kinds:
        return Probe("shims", False, "some are of another version than this installation", "run `safeshell shims sync`")
    if len(kinds) > 1:
        found = f"some are {' and some '.join(sorted(kinds, reverse=True))}"
        return Probe("shims", True, f"{len(names)}, {found}", "run `safeshell shims sync`")
    (kind,) = kinds
    why, hint = _explain(kind, asked_for=settings.shims_client == "bash")
    return Probe("shims", True, f"{len(names)}, {kind}{why and f': {why}'}", hint)


_STATIC, _LINKED, _BASH = "the static client", "the client linked against libc", "the bash fallback"


def _clients() -> dict[bytes, str]:
    """The clients of this installation, by what is in them."""
    found = {_content(bash_client()): _BASH}
    native = native_client()
    if native is not None:
        found[_content(native)] = _LINKED if why_not_static() else _STATIC
    return found


def _content(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def _explain(kind: str, *, asked_for: bool) -> tuple[str, str]:
    """Why the shims are this client, and how they come to be a faster one; `asked_for`: the settings want bash."""
    if kind == _STATIC:
        return "", ""
    why = why_not_static()
    if kind == _LINKED:
        hint = "a command costs more: install again with a C compiler that can do without, then `safeshell shims sync`"
        return why, hint
    if asked_for:
        return "the settings ask for it", ""
    if native_client() is not None:
        return "", "a native client is installed: run `safeshell shims sync`"
    hint = "install again where there is a C compiler, then `safeshell shims sync`"
    return f"no native client could be built here{why and f' ({why})'}", hint


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
