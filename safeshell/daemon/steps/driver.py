"""Drivers: they take a request along its steps. One reads no clock; the other reads it after each step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from safeshell.daemon.observe.timings import Stages, Timings
from safeshell.daemon.request import Request
from safeshell.daemon.steps import STOPS, WAIT
from safeshell.policy.decision import Action

if TYPE_CHECKING:
    from safeshell.daemon.core.accepted import Accepted
    from safeshell.daemon.fastpath.binding import End

Step = Callable[[Request], str]
Guard = Callable[[Request, Exception, bool], None]
"""Hears what a step raised, and whether the answer was out by then."""


_WORDS = {action: action.word for action in Action}
_ACCEPT, _REAP = -1, -2
"""What is timed as a step, before the first and before `finish`."""


class Driver:
    """Takes requests along their steps.

    Args:
        steps: by name, in order.
        guard: hears what a step raises.
    """

    def __init__(self, steps: Mapping[str, Step], guard: Guard) -> None:
        self._steps = tuple(steps.values())
        self._positions = {name: position for position, name in enumerate(steps)}
        self._guard = guard
        self._record = self._positions["record"]

    def now(self) -> int:
        """The time, ns, where it is asked for."""
        return 0

    def begin(self, request: Request, accepted: Accepted | None, began: int = 0) -> None:
        """Takes up a new request, whose connection was begun to be taken at this time."""
        del accepted, began
        self.run(request)

    def run(self, request: Request) -> None:
        """Takes the request on from where it stands."""
        steps, position = self._steps, request.step
        try:
            while True:
                said = steps[position](request)
                if not said:  # `GO_ON`, without looking that name up for each step
                    position += 1
                    continue
                if said in STOPS:
                    request.step = position
                    return
                position = self._positions[said]
        except Exception as error:  # noqa: BLE001 # one request must not end the daemon for all
            self._guard(request, error, position >= self._record)

    def resume(self, request: Request, step: str) -> None:
        """Goes on with a request that waited, at this step."""
        request.step = self._positions[step]
        self.run(request)

    def adopt(self, request: Request, accepted: Accepted) -> None:
        """Takes up a request that the fast path has brought to `spawn`."""

    def notice(self) -> None:
        """Hears that children have ended, and will be looked for."""

    def end(self, request: Request, told: End | None) -> None:
        """Goes on with a request whose command has ended; `told` is what the fast path has told of that."""
        del told
        request.step = self._positions["finish"]
        Driver.run(self, request)


class TimedDriver(Driver):
    """As `Driver`, and counts how long each step took.

    What happens to a request in one callback of the loop is a *turn*; what it waits for between two isn't counted.

    Args:
        steps, guard: as for `Driver`.
        timings: where the durations are counted.
        clock: monotonic time, ns.
    """

    def __init__(
        self,
        steps: Mapping[str, Step],
        guard: Guard,
        timings: Timings,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        super().__init__(steps, guard)
        self._timings = timings
        self._clock = clock
        self._onward = tuple(self._steps[position:] for position in range(len(self._steps)))
        self._stages: dict[tuple[int, ...], Stages] = {}
        self._names = {_ACCEPT: "accept", _REAP: "reap"} | {at: name for name, at in self._positions.items()}
        self._child = timings.stages("child")
        timings.stages(*steps)  # each has its statistics, or this fails before a request does
        self._noticed = 0

    def now(self) -> int:
        """The time, ns."""
        return self._clock()

    def begin(self, request: Request, accepted: Accepted | None, began: int = 0) -> None:
        """As `Driver.begin`; the fast path has read the clock where it took the connection."""
        if accepted is not None:
            began, taken = accepted.began, accepted.accepted
        else:
            taken = self._clock()
        request.began = began or taken
        self._run(request, [_ACCEPT, _ACCEPT], [taken or self._clock()])

    def run(self, request: Request) -> None:
        """As `Driver.run`, in a turn of its own."""
        request.began = self._clock()
        self._run(request, [], [])

    def _run(self, request: Request, passed: list[int], ends: list[int]) -> None:
        """Takes the request on.

        Args:
            request: it.
            passed: what it has passed in this turn: of each run of steps one behind the other the first and the last.
            ends: when each of these ended, ns.
        """
        clock, mark, first = self._clock, ends.append, request.step
        before = len(ends)
        try:
            while True:
                said = ""
                for step in self._onward[first]:
                    said = step(request)
                    mark(clock())
                    if said:
                        break
                last = first + len(ends) - before - 1
                if said in STOPS:
                    break
                passed += (first, last)
                first, before = self._positions[said], len(ends)
        except Exception as error:  # noqa: BLE001 # as in `Driver.run`
            self._guard(request, error, first + len(ends) - before >= self._record)
            return
        request.step = last
        if said == WAIT:  # it is counted once it is done
            left = ends.pop()
            request.spent += left - (ends[-1] if ends else request.began)
            last -= 1
        if last >= first:
            passed += (first, last)
        self._count(request, tuple(passed), tuple(ends))

    def _count(self, request: Request, passed: tuple[int, ...], ends: tuple[int, ...]) -> None:
        """Counts a turn; with the last one the whole, but for what is done once the answer is out."""
        if not passed:
            return
        answered = len(ends) > 1 and passed[-1] == self._record
        request.spent += (ends[-2] if answered else ends[-1]) - request.began
        stages = self._stages.get(passed)
        if stages is None:
            runs = zip(passed[::2], passed[1::2], strict=True)
            steps = [self._names[position] for first, last in runs for position in range(first, last + 1)]
            stages = self._stages[passed] = self._timings.stages(*steps)
        if not request.decisions:  # not whole yet, or of no command: then it is never counted
            request.turns = [*request.turns, (stages, request.began, ends, "", "", 0)]
            return
        for turn in request.turns:
            self._timings.add(turn)
        request.turns = ()
        word = _WORDS[request.decided.action] if answered else ""
        self._timings.add((stages, request.began, ends, word, request.placement, request.spent))

    def adopt(self, request: Request, accepted: Accepted) -> None:
        """As `Driver.adopt`; the fast path has read the clock."""
        stages = self._timings.stages("accept", "receive", "recall", "place", "spawn")
        ends = (accepted.accepted, accepted.received, accepted.recalled, accepted.inspected, accepted.spawned)
        request.began, request.spent = accepted.began, accepted.spawned - accepted.began
        if accepted.began:
            self._timings.add((stages, accepted.began, ends, "", "", 0))

    def notice(self) -> None:
        """As `Driver.notice`: from here on a child's end is the daemon's time."""
        self._noticed = self._clock()

    def end(self, request: Request, told: End | None) -> None:
        """As `Driver.end`: `child`, then `reap`, then what is left of the way."""
        if request.connection.closed:  # nobody waited for it
            Driver.end(self, request, told)
            return
        spawned = request.spawned_ns
        noticed, reaped = (self._noticed, self._clock()) if told is None else (told.noticed, told.reaped)
        if spawned < noticed <= reaped:  # not so where timing was turned on meanwhile
            self._timings.add((self._child, spawned, (noticed,), "", "", 0))
            request.began = noticed
        else:
            request.began = reaped
        request.step = self._positions["finish"]
        if told is None:
            self._run(request, [_REAP, _REAP], [reaped])
        else:
            Driver.run(self, request)
            passed = _REAP, _REAP, self._positions["finish"], self._record
            self._count(request, passed, (reaped, told.replied, told.replied))
        self._noticed = self._clock()  # another that ended at the same time is looked for from here
