"""Pending list: the commands that wait, the oldest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from safeshell.monitor.entry import PendingEntry, countdown
from safeshell.monitor.lines import LineView
from safeshell.text import fit

HURRY_S = 30
"""A command that waits no longer than that is shown in red."""


class PendingList(LineView):
    """The commands that wait.

    Which one is selected is a person's doing alone: what arrives is put last, and nothing takes the place of a
    selected one that goes, so that no key acts on another command than the one that was looked at.

    Args:
        now: seconds since the epoch.
    """

    DEFAULT_CSS = """
    PendingList { border: round $primary; border-title-color: $text; height: 1fr; min-height: 4; }
    PendingList:focus { border: round $accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "ask('approve')", "Approve…"),
        Binding("d", "ask('deny')", "Deny…"),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Select"),
    ]

    class Selected(Message):
        """Another one is selected, or none."""

    class Answer(Message):
        """The selected one is to be answered.

        Attributes:
            deed: approve or deny.
        """

        def __init__(self, deed: str) -> None:
            super().__init__()
            self.deed = deed

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._entries: dict[tuple[int, float], PendingEntry] = {}
        self._selected: tuple[int, float] | None = None
        self.border_title = "Waiting for approval"

    def on_mount(self) -> None:
        """Begins to count down."""
        self.set_interval(1, self._count_down)

    def _count_down(self) -> None:
        if self._entries:
            self.refresh()

    def __contains__(self, entry: PendingEntry) -> bool:
        return entry.key in self._entries

    @property
    def entries(self) -> list[PendingEntry]:
        """All of them."""
        return list(self._entries.values())

    @property
    def selected(self) -> PendingEntry | None:
        """The one that keys act on."""
        return None if self._selected is None else self._entries.get(self._selected)

    def replace(self, entries: Iterable[PendingEntry]) -> None:
        """There are these and no others."""
        self._entries = {entry.key: entry for entry in entries}
        self._changed()

    def add(self, entry: PendingEntry) -> None:
        """One more."""
        self._entries[entry.key] = entry
        self._changed()

    def drop(self, number: int) -> PendingEntry | None:
        """One less; returns it, None where there was none."""
        found = next((entry for entry in self._entries.values() if entry.number == number), None)
        if found is not None:
            del self._entries[found.key]
            self._changed()
        return found

    def _changed(self) -> None:
        self.border_title = f"Waiting for approval: {len(self._entries)}" if self._entries else "Waiting for approval"
        if self._selected is not None and self._selected not in self._entries:
            self._select(None)
        self.fit()

    def _select(self, key: tuple[int, float] | None) -> None:
        self._selected = key
        self.refresh()
        self.post_message(self.Selected())

    def action_move(self, step: int) -> None:
        """Selects the next one, or the one before."""
        keys = list(self._entries)
        if not keys:
            return
        if self._selected is None:
            index = 0 if step > 0 else len(keys) - 1
        else:
            index = min(max(keys.index(self._selected) + step, 0), len(keys) - 1)
        self._select(keys[index])
        self.scroll_to(y=min(max(self.scroll_offset.y, index - self.size.height + 1), index), animate=False, force=True)

    def action_ask(self, deed: str) -> None:
        """Wants the selected one answered."""
        self.post_message(self.Answer(deed))

    def on_click(self, event: events.Click) -> None:
        """Selects what was clicked on."""
        at = event.get_content_offset(self)
        keys = list(self._entries)
        if at is not None and at.y + self.scroll_offset.y < len(keys):
            self._select(keys[at.y + self.scroll_offset.y])

    def count(self) -> int:
        """Number of lines: those that wait, or one that says that none does."""
        return max(1, len(self._entries))

    def draw(self, index: int, width: int) -> Text:
        """One that waits."""
        if not self._entries:
            return Text("nothing waits", style="dim")
        entry = self.entries[index]
        left = entry.seconds_left(self._now())
        head = f"{entry.number:>4}  {countdown(left):>5}  {'agent ' if entry.is_agents else 'person'}  "
        is_selected = entry.key == self._selected
        before = f"{'▶' if is_selected else ' '}{head}{entry.command[:width]}  "
        where = f"in {entry.directory}" + (f" on {entry.branch}" if entry.branch else "")
        text = Text(fit(before + where, width), style="reverse" if is_selected else "")
        text.stylize("bold red" if left <= HURRY_S else "", 1, 1 + len(head))
        text.stylize("dim", len(before))
        return text
