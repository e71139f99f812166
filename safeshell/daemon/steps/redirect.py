"""What a redirect runs: the rule's words, the original arguments in the place of `$ARGS`; never through a shell."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from safeshell.daemon.request import Request
from safeshell.home.paths import Home
from safeshell.host.path_lookup import Programs

ARGUMENTS = "$ARGS"
"""The word that stands for the original arguments, each its own (contract)."""

TRASH = b"safeshell-trash"
"""The target that comes with SafeShell: found beside the interpreter where PATH doesn't lead to it."""


def target_arguments(words: Sequence[str], arguments: bytes) -> bytes:
    """The target's arguments, as a block.

    Args:
        words: the rule's `redirect_to`, split.
        arguments: those of the command it stands in for, as a block.
    """
    original = arguments[arguments.index(b"\0") + 1 :]
    return b"".join([original if word == ARGUMENTS else os.fsencode(word) + b"\0" for word in words])


def find_target(programs: Programs, name: bytes, request: Request) -> bytes | None:
    """The target's program: a path as it stands, a name along the caller's PATH, the trash where it is installed.

    b"" where the caller sees other files than the daemon, and has to look for itself.
    """
    if not request.same_view:
        return b""
    if b"/" in name:
        return name
    found, _ = programs.find(name, request.facts.variable(b"PATH"), request.base)
    if found is None and name == TRASH:
        beside = os.path.join(os.path.dirname(os.fsencode(sys.executable)), TRASH)
        return beside if os.access(beside, os.X_OK) else None
    return found


def in_home(arguments: bytes, program: bytes, request: Request, home: Home) -> tuple[bytes, bytes]:
    """The trash's arguments and program, so that it uses this home where its environment would lead to another.

    A shim knows its home by where it stands, so the caller's environment needn't name it.
    """
    variable = request.facts.variable(b"SAFESHELL_HOME")
    default = os.path.join(request.facts.variable(b"HOME") or b"/", b".safeshell")
    if os.path.realpath(variable or default) == os.path.realpath(os.fsencode(home.root)):
        return arguments, program
    rest = arguments[arguments.index(b"\0") + 1 :]
    words = (b"env", b"SAFESHELL_HOME=" + os.fsencode(home.root), program)
    return b"".join([word + b"\0" for word in words]) + rest, b"/usr/bin/env"
