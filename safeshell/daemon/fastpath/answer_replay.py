"""Answers that the native front gives again: which they may be, what they hang on, and what is counted of them.

An answer is a function of the command, the directory, a few variables, the rules in force, and what was read of the
file system on the way. It is kept where all that was read can be listed as *reads*: a path, and how it was found. The
front makes the same reads by the same system calls; where it finds everything as it was, the answer is the same. What
hangs on more (git's state, files that rules ask for, aliases, people, what a caller is confined to) is never kept.

Most lines never come again, but no rule can match them: each rule that might needs a literal that they lack
(`safeshell.policy.any_line`). Then the answer is kept for the command's *head*, its name and first words, and given to
every line that begins so and has none of the literals, for as long as nobody wants to hear of each.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from safeshell.command.command_line import block, command_line
from safeshell.command.unwrap import UNWRAPPED, is_plain
from safeshell.daemon.core.accepted import REPEATED
from safeshell.daemon.fastpath.binding import Fastpath
from safeshell.daemon.fastpath.reads import Changed, Reads, read_sources
from safeshell.daemon.observe.timings import Timings
from safeshell.daemon.request import Request
from safeshell.daemon.sources.mount_watch import MountWatch
from safeshell.daemon.sources.policy_source import Policies
from safeshell.policy.any_line import needed_literals
from safeshell.policy.decision import Action
from safeshell.policy.facts import FactKey
from safeshell.policy.patterns import EngineError
from safeshell.protocol import ARGUMENTS_AT, Type

SLOTS = 128
"""Answers that are kept; the oldest makes room for the next."""

FRAME_MAX = 16 << 10
"""Bytes of a request that is kept; a longer one is rarely sent twice."""

_PURE_FACTS = frozenset({"agent", "ai", "directory", "env", "reads", "writes"})
"""What follows from the command, the directory and variables that are known by name.

The last two tell nothing of a command yet: of one that is run no files are told. Atoms about them have the same names.
"""


class Head(NamedTuple):
    """What lines have to have, and not to have, that an answer holds for.

    Attributes:
        words: how many of their first words have to be the same; 0 for all of them, and what else was asked.
        literals: none of which they may have: a block.
    """

    words: int
    literals: bytes


_ONE_LINE = Head(0, b"")


def read_variables(request: Request, facts: Iterable[FactKey]) -> bytes:
    """The variables that an answer hangs on, as they are: entries, and the names of those that aren't there.

    Args:
        request: that was answered.
        facts: that the answer hangs on.

    Raises:
        Changed: one is there twice; who looks for it may find either.
    """
    environment = request.asked.environment
    names = [b"PATH", *request.facts.context.variables]
    if request.name == b"git":
        names += [b"GIT_DIR", b"GIT_WORK_TREE", b"GIT_COMMON_DIR"]  # they lead to another repository's rules
    names += [key[1].encode() for key in facts if key[0] == "env"]
    entries = []
    for name in dict.fromkeys(names):
        if environment.count(b"\0" + name + b"=") > 1:
            raise Changed
        value = request.facts.variable(name)
        entries.append(name if value is None else name + b"=" + value)
    return block(entries)


Key = tuple[tuple[int, bytes, bytes, int, int], int, int, bytes, bytes]


class CachedAnswer(NamedTuple):
    """An answer that the front gives.

    Attributes:
        request: the one that it was first given to.
        key: what tells it from others: the command or its head, how many descriptors came with it, variables, the
            directory.
    """

    request: Request
    key: Key


class AnswerReplay:
    """Keeps answers.

    Args:
        front: gives them again.
        policies: the rules in force; whoever changes them has to call `forget`.
        home: the directory of the daemon's home.
        nice: the daemon's own nice value.
        timings: where their time is counted.
        watch: knows which mounts may not answer; whoever sees them change has to call `forget`.

    Attributes:
        answered: how many requests were answered so.
    """

    def __init__(
        self, front: Fastpath, policies: Policies, home: bytes, nice: int, timings: Timings, watch: MountWatch
    ) -> None:
        self._watch = watch
        self._front = front
        self._policies = policies
        self._home = home
        self._nice = nice
        self._timings = timings
        self._kept: list[CachedAnswer | None] = [None] * SLOTS
        self._slots: dict[Key, int] = {}
        self._next = 0
        self.answered = 0
        self._tell_sources()

    def __len__(self) -> int:
        return len(self._slots)

    def kept(self, slot: int) -> Request:
        """The request whose answer was given again."""
        found = self._kept[slot]
        assert found is not None
        return found.request

    def forget(self) -> None:
        """Forgets everything: the rules in force are others."""
        while self._front.hand_back_one():
            pass
        for slot in self._slots.values():
            self._front.forget(slot)
            self._kept[slot] = None
        self._slots.clear()
        self._tell_sources()

    def _tell_sources(self) -> None:
        reads, mounts = Reads(), self._watch.mounts
        sources = self._policies.watched(())
        if not any(mounts.leads_there(os.fsencode(path)) for path, _ in sources):  # else each command asks in Python
            read_sources(reads, sources)
        self._front.set_sources(self._home, bytes(reads))
        self._front.set_mounts(self._watch.fileno, mounts.points)

    def keep(self, request: Request) -> None:
        """Keeps the answer that has been given, if it may be kept: on the very grounds that it was given on."""
        reads, directory, decision = request.reads, request.directory, request.decision
        runs = request.placement == "daemon"
        if reads is None or not reads.complete or directory is None or not self._may_keep(request, runs=runs):
            return
        # A program that looks itself up along PATH was given its path in the place of its name.
        as_they_came = request.frame.startswith(request.arguments, ARGUMENTS_AT + len(request.asked.name))
        facts = {key for key, _ in decision.facts}
        head = self._head(request, facts) if as_they_came and self._front.settles else _ONE_LINE
        if not head.words and request.seen != REPEATED:
            return
        try:
            variables = read_variables(request, facts)
        except Changed:
            return
        command, frame = request.asked, request.frame
        answer = request.connection.last
        if runs:
            assert request.program is not None
            answer = request.program
        first = command.arguments.split(b"\0")[: head.words or None]
        words = (command.flags, command.name, block(first), command.nice, command.blocked)
        key = (words, head.words, request.passed, variables, directory)
        slot = self._slots.get(key)
        if slot is None:
            slot = self._take_slot()
        elif self._front.is_busy(slot):
            return  # the next time
        kept = self._front.put(
            slot,
            frame=frame,
            passed=request.passed,
            variables=variables,
            directory=directory,
            reads=bytes(reads),
            answer=answer,
            arguments=request.arguments if runs and not as_they_came else b"",
            runs=runs,
            urgent=decision.action is not Action.ALLOW or bool(decision.observed),
            head=head.words,
            base=request.name,
            literals=head.literals,
            whole=self._timings.whole(decision.action.word, request.placement).address,
        )
        self._kept[slot] = CachedAnswer(request, key) if kept else None
        if kept:
            self._slots[key] = slot
            request.known_words = head.words
        else:
            self._slots.pop(key, None)

    @staticmethod
    def _head(request: Request, facts: set[FactKey]) -> Head:
        """For which other lines the answer holds; adds to the facts that it hangs on."""
        decision, arguments = request.decision, request.asked.arguments
        if decision.action is not Action.ALLOW or decision.observed or not arguments:
            return _ONE_LINE
        # Of git's commands each subcommand has a head of its own: another one could be an alias.
        words = 2 if request.base in UNWRAPPED else 1
        try:
            found = needed_literals(request.policy.tables, request.base, request.facts, _PURE_FACTS)
        except EngineError:
            return _ONE_LINE
        if found is None:
            return _ONE_LINE
        literals, asked = found
        line = command_line(arguments, request.base).lower()
        if any(literal in line for literal in literals):
            return _ONE_LINE  # what held for it needn't hold for others
        facts |= asked
        return Head(words, block(sorted(literal.encode() for literal in literals)))

    def _take_slot(self) -> int:
        while self._front.is_busy(self._next):  # fewer commands run so than there are slots
            self._next = (self._next + 1) % SLOTS
        slot, self._next = self._next, (self._next + 1) % SLOTS
        before = self._kept[slot]
        if before is not None:
            del self._slots[before.key]
        return slot

    def _may_keep(self, request: Request, *, runs: bool) -> bool:
        command, decision = request.asked, request.decision
        if not 0 < len(request.frame) <= FRAME_MAX or command.kind != Type.EXECUTE or command.lines:
            return False
        if request.waiting or request.redirected is not None or request.obstacle or request.error:
            return False
        if decision.action not in (Action.ALLOW, Action.DENY):  # what a person allowed is no answer
            return False
        if request.refusal is not None and decision.action is Action.ALLOW:  # its program may come
            return False
        if len(request.decisions) != 1 or not is_plain(request.base, command.arguments):
            return False
        if decision.rule == "engine-failure" or any(key[0] not in _PURE_FACTS for key, _ in decision.facts):
            return False
        if request.passed not in (1, 4) or request.directory is None or request.directory.endswith(b" (deleted)"):
            return False
        if runs:
            caller = request.caller  # as the fast path will find it: differing in nothing
            return (
                self._front.runs
                and request.passed == 4
                and caller is not None
                and not caller.differs
                and not decision.timeout_ms
                and command.nice == self._nice
            )
        if request.caller is not None:  # what it is confined to had its part in the answer
            return False
        return decision.action is Action.DENY or (
            decision.action is Action.ALLOW and request.placement == "in_place" and request.refusal is None
        )
