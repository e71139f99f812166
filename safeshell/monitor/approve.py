"""Dialog that asks whether a command may run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.errors import NoWidget
from textual.widget import Widget
from textual.widgets import Button, Static

from safeshell.monitor.describe import is_shown_whole, spell_blanks
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
_UNSEEN = "Not taken: the end of it has not been on the screen. ↓ and Page Down go there, or make the screen larger."
_UNSEEN_WORDS = "Not taken: the words that others may begin with are not all on the screen. Make it larger."
_TOO_LONG = (
    "It is too long to be read here: `safeshell approvals list` shows all of it, `approvals approve {}` approves it."
)
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
        self._end_was_seen = False

    def compose(self) -> ComposeResult:
        """Says what is asked, and how to answer."""
        with Vertical(classes="box") as box:
            box.border_title = f"Approve {self.entry.number}?"
            yield from self.about()
            yield Static(classes="problem")  # here, where it is seen however much is below
            with Horizontal(classes="buttons"):
                yield self._button("1 once", "once")
                yield self._button("5 for 5 minutes", "5m")
                yield self._button("s for this session", "session")
            yield Static(classes="again")
            with Horizontal(classes="words"):
                yield self._button("← fewer words", "fewer")
                yield self._button("→ more words", "more")
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
        self.watch(self.query_one(VerticalScroll), "scroll_y", self._look, init=False)

    def _look(self) -> None:
        """Sees whether the end of what is asked about is on the screen: it was, once it is."""
        about = self.query_one(VerticalScroll)
        if about.scroll_y >= about.max_scroll_y and self._is_on_screen(about):
            self._end_was_seen = True

    def _is_on_screen(self, widget: Widget) -> bool:
        """Whether all of the place that a widget takes is."""
        try:
            place = self.find_widget(widget)
        except NoWidget:  # not drawn yet
            return False
        return place.visible_region == place.region

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
        words = spell_blanks(" ".join(self.entry.words[: self.prefix]))
        return text.append("every command there that begins with ").append(words, "bold reverse")

    def _approve(self) -> None:
        self._look()
        number = self.entry.number
        if not is_shown_whole(self.entry):
            cut = "It is too long to be shown whole, and can't be approved."
            self.say(cut if self.entry.is_cut else _TOO_LONG.format(number))
            return
        if not self._end_was_seen:
            self.say(_UNSEEN)
            return
        if self.prefix and not self._is_on_screen(self.query_one(".again")):
            self.say(_UNSEEN_WORDS)
            return
        value: dict[str, Any] = {"do": "approve", "id": self.entry.number, "for": self.span}
        if self.prefix:
            value["prefix"] = self.prefix
        self.dismiss(value)
