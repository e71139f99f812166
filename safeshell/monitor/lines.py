"""Box of lines that scrolls, drawn only where it is seen."""

from __future__ import annotations

from abc import abstractmethod

from rich.text import Text
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip


class LineView(ScrollView, can_focus=True):
    """A box of as many lines as there are; a subclass says what they are."""

    @abstractmethod
    def count(self) -> int:
        """Number of lines."""

    @abstractmethod
    def draw(self, index: int, width: int) -> Text:
        """A line, for a box this wide; longer ones scroll sideways."""

    def fit(self, width: int = 0) -> None:
        """Takes up how many lines there are now, and how wide they are (0: as the box)."""
        self.virtual_size = Size(width, self.count())
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the box, as Textual asks for it."""
        across, down = self.scroll_offset
        width = self.scrollable_content_region.width
        if y + down >= self.count():
            return Strip.blank(width, self.rich_style)
        text = self.draw(y + down, width)
        line = Strip(list(text.render(self.app.console, end="")))
        return line.crop_extend(across, across + width, self.rich_style).apply_style(self.rich_style)
