"""Step `locate`: where the caller is, what its command really runs, and which repository's rules apply to that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from safeshell.command.unwrap import UNWRAPPED, FileWorld, spellings
from safeshell.daemon.fastpath.reads import Changed, Reads, read_rules
from safeshell.daemon.request import FAILED, Request
from safeshell.daemon.sources.policy_source import Policies, Rules
from safeshell.daemon.steps import GO_ON
from safeshell.home.repository_rules import UnseenRulesError
from safeshell.host.process.confinement import sees_the_same
from safeshell.host.process.own import Own
from safeshell.policy.context import Context
from safeshell.policy.facts import RequestFacts

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.binding import Fastpath

_DELETED = b" (deleted)"


class Locate:
    """Finds the places that a command's decision hangs on.

    Args:
        policies: know where rules are.
        own: the daemon's own state.
        home: the directory of the daemon's home.

    Attributes:
        fastpath: looks at callers for less, where it was compiled.
    """

    def __init__(self, policies: Policies, own: Own, home: bytes) -> None:
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
        prefix = b""
        request.spellings, request.rules_of = (), ()
        is_found = bool(directory and not request.frame)
        try:
            if is_found:
                request.directory, request.rules = directory, ()
            else:
                request.fresh = False
                caller = request.caller
                same_view = self._sees_the_same(connection.pid) if caller is None else caller.same_view
                directory = working_directory(descriptor, connection.pid, same_view=same_view)
                prefix = b"" if same_view else b"/proc/%d/root" % connection.pid
                request.same_view, request.directory = same_view, directory
            request.facts = RequestFacts(
                command.environment, directory, self._context, descriptor=descriptor, prefix=prefix
            )
            if not is_found:
                if directory is None and not same_view:
                    request.rules = self._policies.repository(_own_directory(descriptor, connection.pid))
                else:
                    request.rules = self._policies.repository(directory, prefix=prefix)
                request.reads = self._list_reads(directory, request.rules) if request.frame and same_view else None
            if request.base in UNWRAPPED:
                self._unwrap(request, directory, prefix)
        except UnseenRulesError as error:
            return request.refuse(FAILED, error.message, error=error.message)
        return GO_ON

    def _sees_the_same(self, pid: int) -> bool:
        fastpath = self.fastpath
        return (fastpath is not None and fastpath.sees_the_same(pid)) or sees_the_same(pid, self._own)

    def _list_reads(self, directory: bytes | None, rules: Rules) -> Reads | None:
        """What finding the rules reads, where it finds the same once more."""
        reads = Reads()
        try:
            if directory is None or read_rules(reads, directory, self._home) != rules:
                return None
        except Changed:
            return None
        return reads

    def _unwrap(self, request: Request, directory: bytes | None, prefix: bytes) -> None:
        """Finds the command's spellings, and the rules that apply where each of them would run."""
        command = request.command
        assert command is not None
        world = FileWorld(prefix)
        found = spellings(request.base, command.arguments, command.environment, directory, world)
        known = {directory: request.rules}
        rules_of = []
        for spelling in found:
            rules: Rules = ()
            for place in world.places(spelling):
                if place not in known:
                    known[place] = self._policies.repository(place, prefix=prefix)
                rules += tuple([each for each in known[place] if each not in rules])
            rules_of.append(rules)
        if len(found) > 1 or rules_of[0] != request.rules:
            request.spellings, request.rules_of = found, rules_of
            request.rules = rules_of[0]
            request.reads = None


def _own_directory(descriptor: int | None, pid: int) -> bytes | None:
    """Where the daemon sees a directory that has no path for who is in it: outside of its root, say. None: deleted.

    Raises:
        UnseenRulesError: nowhere.
    """
    link = _link(descriptor, pid)
    try:
        path = os.readlink(link)
        if os.stat(link).st_nlink == 0:
            return None
        if os.path.samefile(link, path):
            return path
    except OSError:
        pass
    raise UnseenRulesError("the directory is one that the daemon can't see, nor which rules are about it")


def _link(descriptor: int | None, pid: int) -> bytes:
    return b"/proc/%d/cwd" % pid if descriptor is None else b"/proc/self/fd/%d" % descriptor


def working_directory(descriptor: int | None, pid: int, *, same_view: bool) -> bytes | None:
    """The caller's working directory, links resolved, as the caller itself sees it.

    Args:
        descriptor: an O_PATH descriptor of it, or None: then the kernel's link for the process is read.
        pid: the caller.
        same_view: whether it has the daemon's mount namespace and root.

    Returns:
        The path, or None where it has none: deleted, unreachable, not to be read.
    """
    link = _link(descriptor, pid)
    try:
        path = os.readlink(link)
        if path.endswith(_DELETED) and os.stat(link).st_nlink == 0:
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
