"""A monitor without a daemon: a feed that a test speaks for, clocks that it sets, and the screen as text."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, ParamSpec

from harness import PATIENCE_S
from textual import _wait
from textual.pilot import Pilot
from textual.widgets import Button

from safeshell.monitor.app import ASKS_PIN, MonitorApp
from safeshell.monitor.entry import PendingEntry
from safeshell.monitor.events import Event, Hello
from safeshell.monitor.feed import Deliver
from safeshell.monitor.guard import QUIET_S

P = ParamSpec("P")

_wait.SLEEP_GRANULARITY, _wait.SLEEP_IDLE = 1 / 100, 1 / 2000
"""After each key the pilot looks twice whether this process has nothing to do, for so long; its own is twice that."""

NOW = 1_800_000_000.0


def request(number: int = 1, **more: Any) -> dict[str, Any]:
    """An object of `pending`, as the daemon sends it."""
    return {
        "id": number,
        "argv": ["git", "push", "--force", "origin", "main"],
        "command": "git push --force origin main",
        "subject": "git push --force origin main",
        "cwd": "/work/here",
        "branch": "main",
        "facts": {},
        "rule": "ask-to-force",
        "message": "Force-pushing rewrites what others have pulled.",
        "source": "/home/a/.safeshell/rules.yaml:3",
        "context": "ai",
        "uid": 1000,
        "pid": 4321,
        "since": NOW - 12 + number / 100,
        "expires": NOW + 288,
        "prefix_min": 2,
        **more,
    }


def entry(number: int = 1, **more: Any) -> PendingEntry:
    """A command that waits."""
    return PendingEntry.from_json(request(number, **more))


def hello(
    *pending: PendingEntry, epoch: int = 1, trusted: bool = True, enrolled: bool = True, reason: str = ""
) -> Hello:
    """A daemon that took the monitor in, with the PIN."""
    return Hello(epoch, trusted, reason, enrolled, pending)


def asks_pin(*pending: PendingEntry, reason: str = ASKS_PIN) -> Hello:
    """A daemon that took the monitor in, without the PIN."""
    return hello(*pending, trusted=False, reason=reason)


class FakeFeed:
    """Delivers what a test says, and remembers what it was told."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Mapping[str, Any]]] = []
        self.pins: list[str] = []
        self.closed = False
        self.deliver: Deliver = lambda _event: None

    def start(self, deliver: Deliver) -> None:
        self.deliver = deliver

    def answer(self, epoch: int, value: Mapping[str, Any]) -> None:
        self.answers.append((epoch, value))

    def give_pin(self, pin: str) -> None:
        self.pins.append(pin)

    def close(self) -> None:
        self.closed = True


class Desk:
    """A monitor on a screen of its own, a person at it, and the clocks."""

    def __init__(self, app: MonitorApp, pilot: Pilot[None], feed: FakeFeed, times: dict[str, float]) -> None:
        self.app = app
        self.pilot = pilot
        self.feed = feed
        self._times = times

    def later(self, seconds: float = QUIET_S + 0.01) -> None:
        """So much time passes."""
        self._times["clock"] += seconds
        self._times["now"] += seconds

    async def hear(self, *events: Event) -> None:
        """The daemon says this."""
        for event in events:
            self.feed.deliver(event)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Keys without a moment between them."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """A text, likewise."""
        await self.press(*["space" if char == " " else char for char in text])

    async def slowly(self, *keys: str) -> None:
        """Keys as somebody presses them who reads first."""
        for key in keys:
            await self.pilot.pause()
            self.later()
            await self.press(key)

    async def answers(self, *expected: dict[str, Any], epoch: int = 1) -> None:
        """Waits until these, and no others, have been given."""
        await self.until(lambda: len(self.feed.answers) >= len(expected), "the answer")
        assert self.feed.answers == [(epoch, value) for value in expected]

    def button(self, name: str) -> Button:
        """A button of the dialog."""
        return next(one for one in self.app.screen.query("Button").results(Button) if one.name == name)

    def screen(self) -> str:
        """What is to be seen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async def until(self, ready: Callable[[], object], what: str) -> None:
        """Waits for the screen."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while not ready():
            assert asyncio.get_running_loop().time() < deadline, f"waited for {what}; instead:\n{self.screen()}"
            await self.pilot.pause(0.01)

    async def sees(self, *texts: str) -> None:
        """Waits until all of these are on the screen."""
        await self.until(lambda: all(text in self.screen() for text in texts), f"{texts}")


@asynccontextmanager
async def at_desk(*events: Event, size: tuple[int, int] = (100, 30), asks: bool = True) -> AsyncIterator[Desk]:
    """A monitor that has heard these events."""
    feed = FakeFeed()
    times = {"clock": 100.0, "now": NOW}
    app = MonitorApp(feed, asks_pin=asks, clock=lambda: times["clock"], now=lambda: times["now"])
    async with app.run_test(size=size) as pilot:
        desk = Desk(app, pilot, feed, times)
        await desk.hear(*events)
        yield desk


def played(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A test that plays at a desk."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run
