"""Step `find`: the program, along the caller's PATH and past every shim; what a redirect runs instead."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from safeshell.daemon.request import DENIED, NOT_FOUND, Request
from safeshell.daemon.steps import GO_ON
from safeshell.home.paths import Home
from safeshell.host.path_lookup import Programs, named_by_path
from safeshell.policy.decision import Decision
from safeshell.text import text

ARGUMENTS = "$ARGS"
"""The word that stands for the original arguments, each its own (contract)."""

TRASH = b"safeshell-trash"
"""The target that comes with SafeShell: found beside the interpreter where PATH doesn't lead to it."""


class Find:
    """Finds programs.

    Args:
        programs: looks along a PATH.
        home: the daemon's.
    """

    def __init__(self, programs: Programs, home: Home) -> None:
        self._programs = programs
        self._home = home

    def run(self, request: Request) -> str:
        """Finds what is to be run; not so for a caller that sees other files: it looks along its own PATH."""
        command = request.command
        assert command is not None
        request.arguments = command.arguments
        if request.redirected is not None:
            return self._find_target(request, command.name, request.redirected[2])
        if not request.same_view:
            request.program, request.placement = b"", "in_place"
            return GO_ON
        path = request.facts.variable(b"PATH")
        request.program, forbidden = self._programs.find(request.name, path, request.here, request.reads)
        if request.program is None:
            if forbidden:
                return request.refuse(DENIED, f"{request.base}: permission denied")
            return request.refuse(NOT_FOUND, f"{request.base}: command not found")
        request.arguments = named_by_path(request.name, request.program, command.arguments)
        return GO_ON

    def _find_target(self, request: Request, name: bytes, redirect: Decision) -> str:
        """A path as it stands, a name along the caller's PATH, the trash where it is installed."""
        program: bytes | None
        if not request.same_view:
            program, request.placement = b"", "in_place"
        elif b"/" in name:
            program = name
        else:
            program, _ = self._programs.find(name, request.facts.variable(b"PATH"), request.here)
            if program is None and name == TRASH:
                beside = os.path.join(os.path.dirname(os.fsencode(sys.executable)), TRASH)
                program = beside if os.access(beside, os.X_OK) else None
        if program is None:
            why = f"redirects to {text(name)}, which is not there"
            return request.refuse(DENIED, f"{redirect.cited} {why}", error=why)
        if name == TRASH:
            request.arguments, program = self._in_home(request, program)
        request.program = program
        request.connection.notice(f"safeshell: redirected by {redirect.cited}: {redirect.message}")
        return GO_ON

    def _in_home(self, request: Request, program: bytes) -> tuple[bytes, bytes]:
        """The trash's arguments and program, so that it uses this home where its environment would lead to another.

        A shim knows its home by where it stands, so the caller's environment needn't name it.
        """
        facts, arguments, home = request.facts, request.arguments, os.fsencode(self._home.root)
        default = os.path.join(facts.variable(b"HOME") or b"/", b".safeshell")
        if os.path.realpath(facts.variable(b"SAFESHELL_HOME") or default) == os.path.realpath(home):
            return arguments, program
        rest = arguments[arguments.index(b"\0") + 1 :]
        words = (b"env", b"SAFESHELL_HOME=" + home, program)
        return b"".join([word + b"\0" for word in words]) + rest, b"/usr/bin/env"


def target_arguments(words: Sequence[str], arguments: bytes) -> bytes:
    """A redirect's arguments, as a block; never through a shell.

    Args:
        words: the rule's `redirect_to`, split.
        arguments: those of the command it stands in for, as a block.
    """
    original = arguments[arguments.index(b"\0") + 1 :]
    return b"".join([original if word == ARGUMENTS else os.fsencode(word) + b"\0" for word in words])
