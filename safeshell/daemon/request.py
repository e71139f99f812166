"""A request on its way through the daemon: what was asked, what was found out, what was decided, how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from safeshell.command.unwrap import Spelling
from safeshell.daemon.core.connection import Connection
from safeshell.daemon.core.executor import Child
from safeshell.daemon.core.loop import Timer
from safeshell.host.process.confinement import CallerState
from safeshell.policy.decision import Decision
from safeshell.policy.decision_cache import Policy
from safeshell.policy.facts import RequestFacts
from safeshell.protocol import Command, Held, Reply, Signal

if TYPE_CHECKING:
    from safeshell.daemon.approvals.grants import Grant
    from safeshell.daemon.core.streams import Streams
    from safeshell.daemon.fastpath.reads import Reads
    from safeshell.daemon.hook_call import AgentsCall
    from safeshell.daemon.observe.timings import Turn
    from safeshell.daemon.sources.line_jobs import Line
    from safeshell.daemon.sources.policy_source import Rules

DENIED = 126
FAILED = 125
NEEDS_APPROVAL = 77
NOT_FOUND = 127
"""Exit statuses of a client whose command did not run (contract, "Exit codes")."""


class Request:
    """What is asked for, who asks, and all that the decision hung on.

    There is one from the first byte on. Each step of its way (`safeshell.daemon.steps`) reads and sets its part.

    Attributes:
        connection: whom to answer; it has what only the kernel says of who asks: pid, uid, pidfd, descriptors.
        step: the place of the step that is to be taken next; of a request that waits, the one that it waits in.
        waiting: whether the client was told that its command waits.
        deadline: until when the request has to be whole.

        command: what is to run: what was asked for, or what a redirect put in its place; None until it is whole.
        asked: what was asked for.
        name, base: the basename of the file executed, as bytes and as text.
        frame: the request's bytes, where its answer may be worth keeping (`safeshell.daemon.fastpath`); else nothing.
        seen: how it was seen lately (`safeshell.daemon.core.accepted.Accepted`).
        known_words: of a kept answer how many words of the command every line has that it is given to; 0: all.
        taken: whether its command was started by an answer that was kept, and taken over from the fast path.
        passed: how many descriptors came with it.
        located: the directory, where the fast path has looked already that the caller sees it as the daemon does, that
            no repository's rules apply and the user's are unchanged; else nothing, and all that has to be found out.
        signals: that came right behind the request.

        caller: what the kernel says about who asks, once that has been read.
        obstacle: why the client's descriptors couldn't be borrowed, or "".
        same_view: whether who asks sees the file system as the daemon does.
        directory: the working directory, None where it has no path.
        here: the same as it is reached from the daemon, for what is relative to it.
        spellings: what it really runs, the command itself first; nothing where it is all there is.
        rules, rules_of: the repository rules that apply, as `Policies.repository` names them: to the command itself,
            and to each of its spellings, where there are more.
        fresh: whether the tables are known to be as their sources.
        patient: whether it may wait for a compilation.
        said: what it was told on its way.
        looked: what another process has found for the step that waited for it, or the exception that it raised.
        reads: what was read of the file system for the answer, as long as that can be listed; else None.

        policy: what the command itself is decided by.
        facts: where its facts are read.
        decisions: of each spelling; one more where they are nested too deep.
        decision: of them all.
        cached: whether all of it came from memory.
        by_agent: whether an agent started who asks, whatever the request says, once that has been asked of the kernel.
        prompt: what an agent is to ask its own person about a line; "" where it isn't to.
        grant: the approval that a person gave for it, if one did.
        covered: whether it was approved: what runs inside it needn't be asked about again.
        redirected: spellings, their decisions and that of all, by which another command was put in its place.

        placement: who runs the command, "daemon" or "in_place"; "" before that is settled.
        reason: why there.
        program: where the program is.
        arguments: what the program is given: `command.arguments`, or with its path for its name.
        child: the command running for it.
        adopted: its pid, while the fast path tells of its end; else 0.
        streams: its output, where the client passed no descriptors.
        spawned_ns: when it was started, monotonic.

        refusal: the last answer, where nothing runs: status and message.
        result: the last answer to who only asks: of a script None, that it would run.
        line: of a shell line, what the record is made of.
        hook: of what an agent's hook asks, which agent's, and what the hook has sent; None of all else.
        held: of a program that a keeper holds, what it says of it; None of all else.
        error: what failed, for the record.
        canary: whether it is the command or the line of `safeshell.command.canary`: it is recorded and counted nowhere.
        approval: what came of asking for an approval, for the record, where the command does not run or an agent
            asks its own person.
        wait_status: how it ended, as waitpid(2) has it; None where that is not known here.
        timed_out: whether a rule's timeout ended it.
        duration_s: how long it ran.

        watches: whether it is a monitor's.
        began, spent: of what is timed: when its turn began, and what its earlier turns took, ns.
        turns: those before it was known whether it is a command.
    """

    # Defaults stand in the class: a request sets what it comes to, which for most is less than half.
    connection: Connection
    step = 0
    waiting = False
    deadline: Timer | None = None

    command: Command | None = None
    asked: Command
    name = b""
    base = ""
    frame = b""
    seen = 0
    known_words = 0
    taken = False
    passed = 0
    located = b""
    signals: Sequence[Signal] = ()

    caller: CallerState | None = None
    obstacle = ""
    same_view = True
    directory: bytes | None = None
    here = b""
    spellings: Sequence[Spelling] = ()
    rules: Rules = ()
    rules_of: Sequence[Rules] = ()
    fresh = False
    patient = True
    said: Sequence[str] = ()
    looked: Any = None
    reads: Reads | None = None

    policy: Policy
    facts: RequestFacts
    decisions: Sequence[Decision] = ()
    decision: Decision
    cached = False
    by_agent = False
    prompt = ""
    grant: Grant | None = None
    covered = False
    redirected: tuple[Sequence[Spelling], Sequence[Decision], Decision] | None = None

    placement = ""
    reason = ""
    program: bytes | None = None
    arguments = b""
    child: Child | None = None
    adopted = 0
    streams: Streams | None = None
    spawned_ns = 0

    refusal: tuple[int, str] | None = None
    result: Any = None
    line: tuple[Line, dict[str, Any]] | None = None
    hook: AgentsCall | None = None
    held: Held | None = None
    error = ""
    canary = False
    approval: Mapping[str, object] | None = None
    wait_status: int | None = None
    timed_out = False
    duration_s: float | None = None

    watches = False
    began = 0
    spent = 0
    turns: Sequence[Turn] = ()

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def name_command(self) -> None:
        """Takes the name of the file executed from the command."""
        assert self.command is not None
        given = self.command.name
        self.name = name = given[given.rfind(b"/") + 1 :]
        self.base = name.decode("utf-8", "replace")

    def refuse(self, status: int, message: str, *, error: str = "") -> str:
        """Settles that nothing runs; returns the step that says so.

        Args:
            status: what the client ends with.
            message: for people, without the name of the product before it.
            error: what failed, where it is a failure and no decision.
        """
        self.refusal, self.error = (status, f"safeshell: {message}"), error
        return "finish"

    def tell_waiting(self) -> None:
        """Tells the client, once, that its command waits."""
        if not self.waiting:
            self.waiting = True
            self.connection.tell(Reply.WAITING)

    @property
    def decided(self) -> Decision:
        """What was decided of what was asked for; `decision` is of what runs."""
        return self.decision if self.redirected is None else self.redirected[2]

    @property
    def is_ai(self) -> bool:
        """Whether an agent asks, as the request says: what rules go by."""
        return self.facts.read(("ai",)) is True

    @property
    def is_agents(self) -> bool:
        """Whether an agent asks, by the request's word or the kernel's: what approvals go by."""
        return self.is_ai or self.by_agent
