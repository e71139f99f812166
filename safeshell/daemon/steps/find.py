"""Step `find`: the program, along the caller's PATH and past every shim; what a redirect runs instead."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable

from safeshell.daemon.core.aside import Aside
from safeshell.daemon.request import DENIED, FAILED, NOT_FOUND, Request
from safeshell.daemon.sources.mount_watch import MountWatch
from safeshell.daemon.steps import GO_ON, WAIT
from safeshell.daemon.steps.look import find_program
from safeshell.errors import DistantError, UndecidedError
from safeshell.home.paths import Home
from safeshell.host.distant_mounts import Mounts
from safeshell.host.path_lookup import DEFAULT_PATH, Programs, named_by_path
from safeshell.host.path_resolution import Resolver
from safeshell.policy.decision import Decision
from safeshell.text import text

TRASH = b"safeshell-trash"
"""The target that comes with SafeShell: found beside the interpreter where PATH doesn't lead to it."""


class Find:
    """Finds programs.

    Args:
        programs: looks along a PATH.
        home: the daemon's.
        watch: knows which mounts may not answer.
        aside: asks those.
        resume: goes on with a request that waited, at a step.
    """

    def __init__(
        self,
        programs: Programs,
        home: Home,
        watch: MountWatch,
        aside: Aside,
        resume: Callable[[Request, str], None],
    ) -> None:
        self._watch = watch
        self._aside = aside
        self._resume = resume
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
        if self._watch.mounts.points:
            found = self._find_sparing(request, path, self._watch.mounts)
            if isinstance(found, str):
                return found
            program, forbidden = found
        else:
            program, forbidden = self._programs.find(request.name, path, request.here, request.reads)
        request.program = program
        if program is None:
            if request.held is not None:  # by its path, which the kernel has found
                return GO_ON
            if forbidden:
                return request.refuse(DENIED, f"{request.base}: permission denied")
            return request.refuse(NOT_FOUND, f"{request.base}: command not found")
        request.arguments = named_by_path(request.name, program, command.arguments)
        return GO_ON

    def _find_sparing(self, request: Request, path: bytes | None, mounts: Mounts) -> str | tuple[bytes | None, bool]:
        """Likewise where there are mounts that may not answer: another process looks at what lies there.

        Where there is no answer the caller looks by itself. What lies there, or is to run there, the caller runs: the
        daemon would wait with it.

        Returns:
            As `Programs.find`, or what the step says.
        """
        looked, request.looked = request.looked, None
        here = request.directory
        point = None if here is None else mounts.over(here)
        if looked is None:
            try:
                looked = self._find_near(request, path, mounts)
            except DistantError as error:
                point = error.point

                def answer(found: object, answered: bool) -> None:
                    request.looked = found if answered and isinstance(found, tuple) else (b"", False)
                    self._resume(request, "find")

                if self._aside.ask(point, functools.partial(find_program, request.name, path, here or b"/"), answer):
                    return WAIT
                looked = (b"", False)
        else:
            point = mounts.points[0]
        program, forbidden = looked
        if point is not None:
            request.reads = None
            if len(request.connection.descriptors) == 4:
                request.placement, request.reason = "in_place", "a mount that may not answer"
            elif program == b"":
                return request.refuse(FAILED, f"{request.base}: {text(point)} doesn't answer")
        return program, forbidden

    def _find_near(self, request: Request, path: bytes | None, mounts: Mounts) -> tuple[bytes | None, bool]:
        """As `Programs.find`.

        Raises:
            DistantError: the way leads to such a mount before a program is found.
        """
        resolver = Resolver(mounts)
        forbidden = False
        for element in (DEFAULT_PATH if path is None else path).split(b":"):
            candidate = os.path.join(request.directory or b"/", element, request.name)
            with contextlib.suppress(UndecidedError):  # nothing is there
                resolver.resolve(candidate)
            program, found = self._programs.find(request.name, element, request.here, request.reads)
            if program is not None:
                return program, False
            forbidden = forbidden or found
        return None, forbidden

    def _find_target(self, request: Request, name: bytes, redirect: Decision) -> str:
        """A path as it stands, a name along the caller's PATH, the trash where it is installed."""
        program: bytes | None
        if not request.same_view:
            program, request.placement = b"", "in_place"
        elif b"/" in name:
            program = name
        elif self._watch.mounts.points:
            program = self._target_near(request, name, self._watch.mounts)
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

    def _target_near(self, request: Request, name: bytes, mounts: Mounts) -> bytes | None:
        """As for any program, but for one that may lie on a mount that may not answer the caller looks by itself."""
        given, request.name = request.name, name
        try:
            return self._find_near(request, request.facts.variable(b"PATH"), mounts)[0]
        except DistantError:
            request.placement = "in_place"
            return b""
        finally:
            request.name = given

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
