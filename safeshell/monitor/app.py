"""Application of `safeshell monitor`: the screen, and what its keys do."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Footer, Input, Static

from safeshell.monitor.approve import ApproveDialog
from safeshell.monitor.decision import DecisionLine
from safeshell.monitor.deny import DenyDialog
from safeshell.monitor.detail import Detail
from safeshell.monitor.dialog import EntryDialog
from safeshell.monitor.entry import PendingEntry
from safeshell.monitor.events import AnswerResult, Asked, Event, Held, Hello, Lost, Measured, Settled
from safeshell.monitor.feed import Feed
from safeshell.monitor.figures import summarize
from safeshell.monitor.filters import Filters
from safeshell.monitor.inbox import Inbox
from safeshell.monitor.pending import PendingList
from safeshell.monitor.pin import OnePinDialog, PinDialog
from safeshell.monitor.stream import DecisionStream

ASKS_PIN = "it takes the PIN"
"""The daemon's reason where nothing but the PIN is missing."""

Found = TypeVar("Found", bound=Widget)

_REFUSAL_S = 10


class MonitorApp(App[None]):
    """Shows what a feed delivers, and answers through it.

    Args:
        feed: where events come from; the application starts and closes it.
        asks_pin: whether to ask for the PIN where there is one.
        clock: seconds, as `time.monotonic` has them.
        now: seconds, as `time.time` has them.
    """

    TITLE = "SafeShell monitor"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = "PendingList"
    CSS = """
    #state { height: auto; max-height: 2; padding: 0 1; background: $panel; }
    #state.-lost { background: $error; color: $text; }
    #figures { height: 2; padding: 0 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search"),
        Binding("f", "filter", "Filter"),
        Binding("p", "give_pin", "PIN"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", "Quit", show=False, priority=True),
    ]

    class Arrived(Message):
        """There are events to take."""

    def __init__(
        self,
        feed: Feed,
        *,
        asks_pin: bool = True,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._feed = feed
        self._asks_pin = asks_pin
        self._clock = clock
        self._now = now
        self._inbox = Inbox(lambda: self.post_message(self.Arrived()))
        self._hello: Hello | None = None
        self._state = self._held = ""

    def compose(self) -> ComposeResult:
        """The screen from top to bottom."""
        yield Static("connecting …", id="state")
        yield PendingList(self._now)
        yield Detail(self._now)
        yield Filters()
        yield DecisionStream()
        yield Static(id="figures")
        yield Footer()

    def on_mount(self) -> None:
        """Begins to listen."""
        if not self.is_headless:
            # Killed, it would leave the terminal as no shell can use it.
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, self.exit)
        self._feed.start(self._inbox.put)

    def on_unmount(self) -> None:
        """Listens no more."""
        self._feed.close()

    def _print_error_renderables(self) -> None:
        """Prints no traceback: the command line keeps it in a file and says where."""
        self._exit_renderables.clear()

    @property
    def bug(self) -> Exception | None:
        """Exception that ended the application, None where a person did."""
        return self._exception

    # What comes

    def on_monitor_app_arrived(self) -> None:
        """Takes what has come."""
        events, decided = self._inbox.take()
        for event in events:
            self._take(event)
        if decided:
            self._main(DecisionStream).extend(DecisionLine.from_record(one.record) for one in decided)
        if self._inbox.missed:
            self._main(DecisionStream).border_subtitle = f"{self._inbox.missed} came too fast to be shown"

    def _take(self, event: Event) -> None:
        if isinstance(event, Hello):
            self._greet(event)
        elif isinstance(event, Lost):
            self._lose(event)
        elif isinstance(event, Asked):
            self._main(PendingList).add(event.entry)
            self.bell()
        elif isinstance(event, Settled):
            self._settle(event)
        elif isinstance(event, Held):
            self._held = event.what
            self._say_standing()
        elif isinstance(event, AnswerResult):
            if not event.ok:
                self._complain(f"{event.number} was not answered: {event.reason}")
        elif isinstance(event, Measured):
            self._main(Static, "#figures").update(Text(summarize(event.figures), no_wrap=True, overflow="ellipsis"))

    def _greet(self, hello: Hello) -> None:
        first, self._hello = self._hello is None, hello
        self._main(PendingList).replace(hello.pending)
        self._close_about_others("it was settled while there was no connection")
        self._held = hello.held
        self._say_standing()
        if isinstance(self.screen, PinDialog):
            if hello.trusted:
                self.screen.dismiss()
            else:
                self.screen.refuse(hello.reason)
        elif first and self._asks_pin and hello.reason == ASKS_PIN and not self._is_typing:
            self.push_screen(PinDialog("", self._clock))

    def _lose(self, lost: Lost) -> None:
        hint = f" ({lost.hint})" if lost.hint else ""
        self._say_state(f"no daemon: {lost.reason}{hint}; trying again …", lost=True)
        self._main(PendingList).replace(())
        self._close_about_others("the daemon went away")
        if isinstance(self.screen, PinDialog):
            self.screen.say("there is no daemon to check it")

    def _settle(self, settled: Settled) -> None:
        entry = self._main(PendingList).drop(settled.number)
        if entry is None:
            return
        told = f"{settled.how}{_by(settled.by)}" + (f": {settled.words}" if settled.words else "")
        self._main(Detail).say(f"{entry.number} {told} — {entry.command}")
        self._close_about_others(told)

    def _close_about_others(self, how: str) -> None:
        """Tells a dialog about a command that waits no longer."""
        if isinstance(self.screen, EntryDialog) and self.screen.entry not in self._main(PendingList):
            self.screen.settle(how)

    def _say_standing(self) -> None:
        if self._hello is not None:
            self._say_state("\n".join(filter(None, (_standing(self._hello), self._held))))

    def _say_state(self, state: str, *, lost: bool = False) -> None:
        if state == self._state:
            return  # tried again, to no avail
        self._state = state
        line = self._main(Static, "#state")
        line.set_class(lost, "-lost")
        line.update(Text(state))

    def _complain(self, problem: str) -> None:
        self._main(Detail).say(problem)
        self.notify(problem, severity="error", timeout=_REFUSAL_S, markup=False)

    # What is done here

    def on_pending_list_selected(self) -> None:
        """Shows the one that is selected."""
        self._main(Detail).show(self._main(PendingList).selected)

    def on_pending_list_answer(self, message: PendingList.Answer) -> None:
        """Asks how the selected one is to be answered."""
        entry = self._main(PendingList).selected
        if entry is None or self._hello is None or len(self.screen_stack) > 1:
            return
        takes_pin = entry.is_agents and not self._hello.trusted
        if takes_pin and not (self._hello.each and self._asks_pin):
            self._complain(f"{entry.number} is an agent's: {self._hello.reason}")
            return
        kind = ApproveDialog if message.deed == "approve" else DenyDialog
        take = self._ask_pin if takes_pin else self._answer
        self.push_screen(kind(entry, self._clock, self._now), lambda value: take(entry, value))

    def _ask_pin(self, entry: PendingEntry, value: dict[str, Any] | None) -> None:
        """Asks for the PIN that this one answer takes."""
        if value is not None and entry in self._main(PendingList):
            dialog = OnePinDialog(entry, self._clock, self._now)
            self.push_screen(dialog, lambda pin: self._answer(entry, pin and {**value, **pin}))

    def _answer(self, entry: PendingEntry, value: dict[str, Any] | None) -> None:
        """Gives an answer, if there is one, to the very command that was asked about."""
        if value is None or self._hello is None or entry not in self._main(PendingList):
            return
        self._feed.answer(self._hello.epoch, value)

    def on_pin_dialog_given(self, message: PinDialog.Given) -> None:
        """Tries a PIN."""
        self._feed.give_pin(message.pin)

    def action_give_pin(self) -> None:
        """Asks for the PIN."""
        if self._hello is None:
            self._complain("there is no daemon to give the PIN to")
        elif self._hello.trusted:
            self.notify("The PIN was given already.")
        elif self._hello.each:
            self.notify("The PIN is asked for with each answer.")
        else:
            self.push_screen(PinDialog(self._hello.reason, self._clock))

    # The stream

    @property
    def _is_typing(self) -> bool:
        return isinstance(self.focused, Input)

    def action_search(self) -> None:
        """Goes to the search field."""
        self._main(Filters).search()

    def action_filter(self) -> None:
        """Shows the next kind of decision."""
        self._main(Filters).choose_next()

    def on_filters_edited(self, message: Filters.Edited) -> None:
        """Shows what is asked for."""
        self._main(DecisionStream).filter(message.query)

    def on_filters_done(self) -> None:
        """Goes back to what waits."""
        self._main(PendingList).focus()

    def _main(self, kind: type[Found], selector: str = "") -> Found:
        """A widget of the main screen, whatever dialog is above it."""
        main = self.screen_stack[0]
        return main.query_one(selector, kind) if selector else main.query_one(kind)


def _standing(hello: Hello) -> str:
    if hello.trusted:
        note = f" ({hello.note})" if hello.note else ""
        return f"connected; what agents ask for can be answered here{note}"
    if hello.each:
        return f"connected; what agents ask for can be answered here; {hello.reason}"
    mend = " (p gives it)" if hello.reason == ASKS_PIN else ""
    return f"connected; what agents ask for can't be answered here: {hello.reason}{mend}"


def _by(pid: int) -> str:
    if not pid:
        return ""
    return " here" if pid == os.getpid() else f" by process {pid}"
