"""Detail of the selected command, and the buttons that answer it."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from safeshell.monitor.describe import describe
from safeshell.monitor.entry import PendingEntry
from safeshell.monitor.pending import PendingList

_NOTHING = "Select a command with ↓ or a click to see all of it and to answer."


class Detail(Vertical):
    """Box about one command.

    Args:
        now: seconds since the epoch.
    """

    DEFAULT_CSS = """
    Detail { height: auto; max-height: 40vh; padding: 0 1; }
    Detail VerticalScroll { height: auto; max-height: 10; }
    Detail .last { color: $text-muted; }
    Detail Horizontal { height: 1; display: none; }
    Detail.-selected Horizontal { display: block; }
    Detail Button { margin-right: 2; }
    """

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._entry: PendingEntry | None = None

    def compose(self) -> ComposeResult:
        """The text, the buttons, and what became of the last one."""
        with VerticalScroll(can_focus=False):
            yield Static(_NOTHING, classes="about")
        with Horizontal():
            for deed, label in (("approve", "a Approve…"), ("deny", "d Deny…")):
                button = Button(Text(label), name=deed, compact=True)
                button.can_focus = False
                yield button
        yield Static(classes="last")

    def on_mount(self) -> None:
        """Begins to count down."""
        self.set_interval(1, self._count_down)

    def show(self, entry: PendingEntry | None) -> None:
        """Shows this one, or none."""
        self._entry = entry
        self.set_class(entry is not None, "-selected")
        self._draw()

    def say(self, settled: str) -> None:
        """Says what became of the last one that went."""
        self.query_one(".last", Static).update(Text(settled, no_wrap=True, overflow="ellipsis"))

    def _count_down(self) -> None:
        if self._entry is not None:
            self._draw()

    def _draw(self) -> None:
        about = Text(_NOTHING, "dim") if self._entry is None else describe(self._entry, self._now())
        self.query_one(".about", Static).update(about)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Opens a dialog, as the key does."""
        event.stop()
        self.post_message(PendingList.Answer(str(event.button.name)))
