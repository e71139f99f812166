"""Step `locate`: where the caller is, what its command really runs, and which repository's rules apply to that."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from safeshell.command.unwrap import UNWRAPPED
from safeshell.daemon.core.aside import Aside
from safeshell.daemon.request import FAILED, Request
from safeshell.daemon.sources.mount_watch import MountWatch
from safeshell.daemon.sources.policy_source import Policies
from safeshell.daemon.steps import GO_ON, WAIT
from safeshell.daemon.steps.look import Check, Looked, Where, list_reads, look, unwrap
from safeshell.errors import DistantError
from safeshell.home.repository_rules import UnseenRulesError, check_rules
from safeshell.host import distant_mounts as host_mounts
from safeshell.host.distant_mounts import Mounts
from safeshell.host.process.confinement import sees_the_same
from safeshell.host.process.own import Own
from safeshell.policy.context import Context, HookContext
from safeshell.policy.distant import DistantFacts
from safeshell.policy.facts import RequestFacts
from safeshell.text import text

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.binding import Fastpath

_DELETED = b" (deleted)"


class Locate:
    """Finds the places that a command's decision hangs on.

    Args:
        policies: know where rules are.
        own: the daemon's own state.
        home: the directory of the daemon's home.
        watch: knows which mounts may not answer.
        aside: asks those.
        resume: goes on with a request that waited, at a step.

    Attributes:
        fastpath: looks at callers for less, where it was compiled.
    """

    def __init__(
        self,
        policies: Policies,
        own: Own,
        home: bytes,
        watch: MountWatch,
        aside: Aside,
        resume: Callable[[Request, str], None],
    ) -> None:
        self._watch = watch
        self._aside = aside
        self._resume = resume
        self._policies = policies
        self._own = own
        self._home = home
        self._context = Context()
        self.fastpath: Fastpath | None = None

    def apply_settings(self) -> None:
        """Takes up what the settings say now."""
        self._context = Context(self._policies.settings.markers)

    def run(self, request: Request) -> str:
        """Looks again after each wait: the caller, its mounts and its repository may have changed."""
        command, connection = request.command, request.connection
        assert command is not None
        directory: bytes | None
        directory, request.located = request.located, b""
        descriptor = connection.descriptors[-1] if connection.descriptors else None
        here = b"/proc/%d/cwd" % connection.pid if descriptor is None else b"/proc/self/fd/%d" % descriptor
        request.here = here
        prefix = b""
        mounts = self._watch.mounts
        request.spellings, request.rules_of = (), ()
        is_found = bool(directory and not request.frame)
        try:
            if is_found:
                request.directory, request.rules = directory, ()
            else:
                request.fresh = False
                caller = request.caller
                same_view = self._sees_the_same(connection.pid) if caller is None else caller.same_view
                if not same_view:
                    prefix = b"/proc/%d/root" % connection.pid
                    mounts = host_mounts.read(f"/proc/{connection.pid}/mountinfo")
                directory = working_directory(here, connection.pid, same_view=same_view, mounts=mounts)
                if request.hook is not None and request.hook.directory:
                    directory, descriptor = request.hook.directory, None
                request.same_view, request.directory = same_view, directory
            context = self._context if request.hook is None else HookContext(request.hook.agent.name)
            if mounts.points:
                return self._locate_sparing(request, mounts, context, descriptor, prefix)
            request.facts = RequestFacts(command.environment, directory, context, descriptor=descriptor, prefix=prefix)
            if not is_found:
                if directory is None and not same_view:
                    request.rules = self._policies.repository(_own_directory(here))
                else:
                    request.rules = self._policies.repository(directory, prefix=prefix)
                if request.frame and same_view:
                    request.reads = list_reads(self._where(request, prefix), request.rules)
                else:
                    request.reads = None
            if request.base in UNWRAPPED:
                found = unwrap(self._where(request, prefix), request.rules)
                if found is not None:
                    request.spellings, request.rules_of = found
                    request.rules = request.rules_of[0]
                    request.reads = None
        except UnseenRulesError as error:
            return request.refuse(FAILED, error.message, error=error.message)
        return GO_ON

    def _sees_the_same(self, pid: int) -> bool:
        fastpath = self.fastpath
        return (fastpath is not None and fastpath.sees_the_same(pid)) or sees_the_same(pid, self._own)

    def _locate_sparing(
        self, request: Request, mounts: Mounts, context: Context, descriptor: int | None, prefix: bytes
    ) -> str:
        """Likewise where there are mounts that may not answer: what lies there is looked at by another process.

        Raises:
            UnseenRulesError: as `Policies.repository`, or there was no answer.
        """
        command = request.command
        assert command is not None
        request.facts = RequestFacts(
            command.environment,
            request.directory,
            context,
            descriptor=descriptor,
            prefix=prefix,
            distant=DistantFacts(mounts),
        )
        if request.directory is None and not request.same_view:
            raise UnseenRulesError("the directory is one that the daemon can't see, nor which rules are about it")
        looked, request.looked = request.looked, None
        if isinstance(looked, Exception):
            raise looked
        if looked is None:
            ask = functools.partial(look, self._where(request, prefix), keeps=bool(request.frame))
            try:
                looked = _touching_nothing(ask, mounts, prefix)
            except DistantError as error:
                return self._look_aside(request, error.point, ask)
        request.rules, request.reads, request.spellings, request.rules_of = looked
        if request.directory is None or mounts.over(request.directory) is not None:
            request.reads = None
        return GO_ON

    def _where(self, request: Request, prefix: bytes) -> Where:
        command = request.command
        assert command is not None
        words = (request.base, command.arguments, command.environment, request.directory, prefix, self._home)
        return tuple.__new__(Where, words)  # for each line: the class itself takes a call of Python's more

    def _look_aside(self, request: Request, point: bytes, ask: Callable[[], Looked]) -> str:
        silent = UnseenRulesError(
            f"{text(point) or 'a mount'} doesn't answer, so it can't be told which rules apply there"
        )

        def answer(found: object, answered: bool) -> None:
            request.looked = found if answered else silent
            self._resume(request, "locate")

        if not self._aside.ask(point, ask, answer):
            raise silent
        return WAIT


def _touching_nothing(ask: Callable[[Check], Looked], mounts: Mounts, prefix: bytes) -> Looked:
    """What is found without a look at these mounts.

    Raises:
        DistantError: it takes one.
    """
    from safeshell.host.git.guarded import sparing  # noqa: PLC0415 # few machines have such mounts

    def check(directory: bytes | None) -> None:
        if directory is not None:
            check_rules(directory, mounts, prefix)

    with sparing(mounts):
        return ask(check)


def _own_directory(link: bytes) -> bytes | None:
    """Where the daemon sees a directory that has no path for who is in it: outside of its root, say. None: deleted.

    Raises:
        UnseenRulesError: nowhere.
    """
    try:
        path = os.readlink(link)
        if os.stat(link).st_nlink == 0:
            return None
        if os.path.samefile(link, path):
            return path
    except OSError:
        pass
    raise UnseenRulesError("the directory is one that the daemon can't see, nor which rules are about it")


def working_directory(link: bytes, pid: int, *, same_view: bool, mounts: Mounts = host_mounts.NONE) -> bytes | None:
    """The caller's working directory, links resolved, as the caller itself sees it.

    Args:
        link: the kernel's, to what the caller has open there, or to where the caller is.
        pid: the caller.
        same_view: whether it has the daemon's mount namespace and root.
        mounts: those that may not answer; whether a directory there was deleted isn't asked.

    Returns:
        The path, or None where it has none: deleted, unreachable, not to be read.
    """
    try:
        path = os.readlink(link)
        if path.endswith(_DELETED) and (mounts.over(path) is not None or os.stat(link).st_nlink == 0):
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
