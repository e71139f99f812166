"""Base of the monitor's dialogs: their place, and that nothing is done with what has settled meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from safeshell.monitor.describe import describe
from safeshell.monitor.entry import PendingEntry
from safeshell.monitor.guard import Guard


class Dialog(ModalScreen[dict[str, Any]]):
    """A dialog that lets no key through that was typed before it was seen.

    It ends with what to tell the daemon, or None.

    Args:
        clock: seconds, as `time.monotonic` has them.
    """

    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > .box { width: 90%; max-width: 110; height: auto; max-height: 95%; border: thick $accent;
        background: $surface; padding: 0 1; overflow-y: auto; }
    Dialog .about { height: auto; max-height: 50vh; }
    Dialog .problem { color: $text-error; min-height: 1; }
    Dialog .buttons { height: auto; margin-top: 1; }
    Dialog Button { margin-right: 2; }
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.guard = Guard(clock)

    def on_mount(self) -> None:
        """Waits for the first time that it is drawn."""
        self.call_after_refresh(self.guard.open)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter does what the first button does."""
        event.stop()
        self.act("")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Takes a click."""
        event.stop()
        if event.button.name == "cancel":
            self.dismiss()
        else:
            self.act(str(event.button.name))

    def act(self, deed: str) -> None:
        """Does what a button's name says."""
        raise NotImplementedError

    def say(self, problem: str) -> None:
        """Says what is wrong."""
        self.query_one(".problem", Static).update(Text(problem))


class EntryDialog(Dialog):
    """A dialog about a command that waits.

    Args:
        entry: the command.
        clock: as above.
        now: seconds since the epoch.

    Attributes:
        settled: why there is nothing left to answer, or "".
    """

    def __init__(self, entry: PendingEntry, clock: Callable[[], float], now: Callable[[], float]) -> None:
        super().__init__(clock)
        self.entry = entry
        self.settled = ""
        self._now = now

    def on_mount(self) -> None:
        """Begins to count down."""
        self.set_interval(1, self._count_down)

    def about(self) -> ComposeResult:
        """The command in full, which scrolls where it is long."""
        with VerticalScroll(classes="about", can_focus=False):
            yield Static(describe(self.entry, self._now()), classes="entry")

    def _count_down(self) -> None:
        self.query_one(".entry", Static).update(describe(self.entry, self._now()))

    def settle(self, how: str) -> None:
        """The command waits no longer. The dialog stays: what is being typed must not go to what is below it."""
        if not self.settled:
            self.settled = how
            self.say(f"{how}. Escape closes this.")
