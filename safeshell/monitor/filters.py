"""Filters of the stream: which decisions are shown."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Select

from safeshell.audit.query import RecordQuery

_DECISIONS = ("allow", "deny", "require_approval", "redirect", "error")


class Filters(Horizontal):
    """A kind of decision to choose, and a text to search for."""

    DEFAULT_CSS = """
    Filters { height: 1; }
    Filters Select { width: 26; }
    Filters Input { width: 1fr; }
    """

    class Edited(Message):
        """Something else is asked for.

        Attributes:
            query: what.
        """

        def __init__(self, query: RecordQuery) -> None:
            super().__init__()
            self.query = query

    class Done(Message):
        """The search has been typed."""

    def compose(self) -> ComposeResult:
        """One beside the other."""
        kinds = [(word.replace("_", " "), word) for word in _DECISIONS]
        yield Select(kinds, prompt="all decisions", compact=True)
        yield Input(placeholder="search: / then a text", compact=True)

    def search(self) -> None:
        """Has a text typed."""
        self.query_one(Input).focus()

    def choose_next(self) -> None:
        """Asks for the next kind of decision alone, in the end for all again."""
        kinds = [None, *_DECISIONS]
        chosen = kinds[(kinds.index(self._chosen) + 1) % len(kinds)]
        select: Select[str] = self.query_one(Select)
        if chosen is None:
            select.clear()
        else:
            select.value = chosen

    @property
    def _chosen(self) -> str | None:
        value = self.query_one(Select).value
        return value if isinstance(value, str) else None

    def on_select_changed(self) -> None:
        """Filters by decision."""
        self._tell()

    def on_input_changed(self) -> None:
        """Searches while it is typed."""
        self._tell()

    def on_input_submitted(self) -> None:
        """Says that it is typed."""
        self.post_message(self.Done())

    def _tell(self) -> None:
        decisions = frozenset() if self._chosen is None else frozenset({self._chosen})
        self.post_message(self.Edited(RecordQuery(decisions, text=self.query_one(Input).value)))
