"""Stream of decisions as they are made."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType

from safeshell.audit.query import RecordQuery
from safeshell.monitor.decision import DecisionLine
from safeshell.monitor.lines import LineView
from safeshell.text import fit

KEPT = 5000
"""Decisions that can be searched; the audit log has the others."""

_COLOURS = {"allow": "green", "deny": "red", "approval": "yellow", "redirect": "cyan", "error": "magenta"}
_WIDTHS = {"time": 8, "decision": 8, "outcome": 9, "rule": 16}
_AFTER = {"directory": 24, "placement": 9, "duration": 10}
_COMMAND_MIN = 32
_HEADINGS = {"decision": "decided"}


class DecisionStream(LineView):
    """The last decisions, the newest at the bottom, under a line of headings."""

    DEFAULT_CSS = """
    DecisionStream { border: round $primary; height: 2fr; min-height: 4; scrollbar-size-horizontal: 1; }
    DecisionStream:focus { border: round $accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("end", "newest", "Newest", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self._all: deque[DecisionLine] = deque(maxlen=KEPT)
        self._shown: deque[DecisionLine] = deque(maxlen=KEPT)
        self._query = RecordQuery()
        self._follows = True
        self.border_title = "Decisions"

    @property
    def shown(self) -> list[DecisionLine]:
        """The lines that the filter lets through, the oldest first."""
        return list(self._shown)

    def filter(self, query: RecordQuery) -> None:
        """Shows what is asked for."""
        self._query = query
        self._shown = deque((line for line in self._all if query.matches(line.record)), maxlen=KEPT)
        self._resize()
        self.action_newest()

    def extend(self, lines: Iterable[DecisionLine]) -> None:
        """More decisions: they are followed where the newest are being looked at, and nothing moves where not."""
        came = list(lines)
        matching = [line for line in came if self._query.matches(line.record)]
        gone = max(0, len(self._shown) + len(matching) - KEPT)
        self._all.extend(came)
        self._shown.extend(matching)
        self._resize()
        if self._follows:
            self.action_newest()
        elif gone:
            self.scroll_to(y=max(0, self.scroll_offset.y - gone), animate=False, force=True)

    def action_newest(self) -> None:
        """Goes to the end."""
        self._follows = True
        self._follow()
        self.call_after_refresh(self._follow)  # a scroll bar that comes with what is new takes a line

    def on_resize(self, _event: events.Resize) -> None:
        """Gives the command what room there is."""
        self._resize()
        self._follow()

    def _follow(self) -> None:
        if self._follows:
            # Forced: whether it may scroll at all is only known once it is laid out anew.
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follows the newest from when they are scrolled to until something else is."""
        super().watch_scroll_y(old_value, new_value)
        self._follows = new_value >= self.max_scroll_y

    def _resize(self) -> None:
        widths = self._widths()
        self.fit(sum(widths.values()) + 2 * len(widths))
        about = f"{len(self._shown)} of {len(self._all)}" if len(self._shown) != len(self._all) else len(self._all)
        self.border_title = f"Decisions: {about}" if self._all else "Decisions"

    def _widths(self) -> dict[str, int]:
        fixed = {**_WIDTHS, **_AFTER}
        left = self.scrollable_content_region.width - sum(fixed.values()) - 2 * (len(fixed) + 1)
        return {**_WIDTHS, "command": max(_COMMAND_MIN, left), **_AFTER}

    def count(self) -> int:
        """The decisions and their headings."""
        return 1 + len(self._shown)

    def draw(self, index: int, width: int) -> Text:  # noqa: ARG002 # the columns know their own
        """The headings, wherever the rest is, or a decision."""
        widths = self._widths()
        if index == self.scroll_offset.y:
            headings = [fit(_HEADINGS.get(name, name), cells) for name, cells in widths.items()]
            return Text("  ".join(headings), style="bold")
        line = self._shown[index - 1]
        text = Text()
        for name, cells in widths.items():
            value = getattr(line, name)
            text.append(fit(value, cells), _COLOURS.get(value, "") if name == "decision" else "")
            text.append("  ")
        return text
