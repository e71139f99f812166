"""Dialog that asks whether a command may run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from safeshell.monitor.dialog import EntryDialog
from safeshell.monitor.entry import PendingEntry

SPANS = {"once": "once", "5m": "for 5 minutes", "session": "for this session"}
"""For how long, by the names that the protocol gives them."""

_KEYS = {
    "1": "once",
    "5": "5m",
    "s": "session",
    "right": "more",
    "plus": "more",
    "left": "fewer",
    "minus": "fewer",
    "y": "approve",
}
_TOO_FAST = "Not taken: it came too fast after the last key. Press it again."


class ApproveDialog(EntryDialog):
    """Asks for how long, and for what, a command is approved.

    `y` alone approves, or a click; Enter and Space do nothing, and no button can be focused.
    """

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    ApproveDialog .again { height: auto; margin-top: 1; }
    ApproveDialog .words { height: 1; }
    """

    def __init__(self, entry: PendingEntry, clock: Callable[[], float], now: Callable[[], float]) -> None:
        super().__init__(entry, clock, now)
        self.span = "once"
        self.prefix = 0

    def compose(self) -> ComposeResult:
        """Says what is asked, and how to answer."""
        with Vertical(classes="box") as box:
            box.border_title = f"Approve {self.entry.number}?"
            yield from self.about()
            with Horizontal(classes="buttons"):
                yield self._button("1 once", "once")
                yield self._button("5 for 5 minutes", "5m")
                yield self._button("s for this session", "session")
            yield Static(classes="again")
            with Horizontal(classes="words"):
                yield self._button("← fewer words", "fewer")
                yield self._button("→ more words", "more")
            yield Static(classes="problem")
            with Horizontal(classes="buttons"):
                yield self._button("y Approve", "approve")
                yield self._button("Esc Cancel", "cancel")

    @staticmethod
    def _button(label: str, deed: str) -> Button:
        button = Button(Text(label), name=deed, compact=True)
        button.can_focus = False
        return button

    def on_mount(self) -> None:
        """Shows what is chosen to begin with."""
        self._show()

    def on_key(self, event: events.Key) -> None:
        """Takes every key: none is for anything else while this is asked."""
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.dismiss()
        elif event.key in ("up", "down", "pageup", "pagedown"):
            self._scroll(event.key)
        elif event.key in _KEYS:
            self.act(_KEYS[event.key])
        else:
            self.guard.disturb()

    def _scroll(self, key: str) -> None:
        about = self.query_one(VerticalScroll)
        move = {
            "up": about.scroll_up,
            "down": about.scroll_down,
            "pageup": about.scroll_page_up,
            "pagedown": about.scroll_page_down,
        }
        move[key](animate=False)

    def act(self, deed: str) -> None:
        """Does what a key or a button says."""
        if self.settled:
            return
        if not self.guard.passes():
            self.say(_TOO_FAST)
            return
        self.say("")
        if deed == "approve":
            self._approve()
        elif deed in SPANS:
            self.span = deed
            self.prefix = 0 if deed == "once" else self.prefix
        else:
            self._change_prefix(1 if deed == "more" else -1)
        self._show()

    @property
    def _takes_prefix(self) -> bool:
        return self.span != "once" and len(self.entry.words) >= self.entry.prefix_min

    def _change_prefix(self, step: int) -> None:
        """From all words down to the fewest that may be, and back."""
        if not self._takes_prefix:
            return
        most, least = len(self.entry.words), self.entry.prefix_min
        wanted = (self.prefix or most + 1) + step
        self.prefix = 0 if wanted > most else max(wanted, least)

    def _show(self) -> None:
        for button in self.query(Button):
            if button.name in SPANS:
                button.variant = "primary" if button.name == self.span else "default"
        self.query_one(".words").display = self._takes_prefix
        self.query_one(".again", Static).update(self._again())

    def _again(self) -> Text:
        """Commands that pass from now on without being asked about, in words."""
        if self.span == "once":
            return Text("Runs this once, and is asked about again.")
        text = Text(f"{SPANS[self.span]}: ".capitalize())
        if not self.prefix:
            return text.append("exactly this command, in this directory.")
        words = " ".join(self.entry.words[: self.prefix])
        return text.append("every command there that begins with ").append(words, "bold reverse")

    def _approve(self) -> None:
        value: dict[str, Any] = {"do": "approve", "id": self.entry.number, "for": self.span}
        if self.prefix:
            value["prefix"] = self.prefix
        self.dismiss(value)
