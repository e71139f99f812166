"""Dialog that asks for the words with which a command is denied."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from safeshell.monitor.dialog import EntryDialog

WORDS_MAX = 2000
"""Characters that the daemon takes."""


class DenyDialog(EntryDialog):
    """Asks what to tell who asked."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def compose(self) -> ComposeResult:
        """Says what is asked, and how to answer."""
        with Vertical(classes="box") as box:
            box.border_title = f"Deny {self.entry.number}?"
            yield from self.about()
            yield Input(placeholder="what to tell who asked", max_length=WORDS_MAX)
            yield Static(classes="problem")
            with Horizontal(classes="buttons"):
                yield Button(Text("Enter Deny"), name="deny", compact=True)
                yield Button(Text("Esc Cancel"), name="cancel", compact=True)

    def act(self, deed: str) -> None:  # noqa: ARG002 # there is but one
        """Denies."""
        if self.settled or not self.guard.passes():
            return
        words = self.query_one(Input).value.strip()
        self.dismiss({"do": "deny", "id": self.entry.number, "words": words})
