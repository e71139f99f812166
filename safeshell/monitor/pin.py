"""Dialog that asks for the PIN."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Input, Static

from safeshell.monitor.dialog import Dialog, EntryDialog


class PinDialog(Dialog):
    """Asks until the daemon takes it, or nobody wants to give it.

    Args:
        reason: why it is asked for.
        clock: seconds, as `time.monotonic` has them.
    """

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Watch only")]

    class Given(Message):
        """Somebody gave a PIN.

        Attributes:
            pin: it.
        """

        def __init__(self, pin: str) -> None:
            super().__init__()
            self.pin = pin

    def __init__(self, reason: str, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self._reason = reason

    def compose(self) -> ComposeResult:
        """Says what it is for."""
        with Vertical(classes="box") as box:
            box.border_title = "PIN"
            yield Static(Text("Answering what agents ask for takes the PIN. It is kept until this monitor ends."))
            yield Input(password=True)
            yield Static(Text(self._reason), classes="problem")
            with Horizontal(classes="buttons"):
                yield Button(Text("Enter Give"), name="give", compact=True)
                yield Button(Text("Esc Watch only"), name="cancel", compact=True)

    def act(self, deed: str) -> None:  # noqa: ARG002 # there is but one
        """Gives what was typed."""
        field = self.query_one(Input)
        if field.value and not field.disabled and self.guard.passes():
            field.disabled = True
            self.say("checking …")
            self.post_message(self.Given(field.value))

    def refuse(self, reason: str) -> None:
        """The daemon does not take it: asks again."""
        field = self.query_one(Input)
        if field.disabled:  # else nothing was asked, and somebody may be typing
            field.value = ""
            field.disabled = False
            field.focus()
            self.say(reason)


class OnePinDialog(EntryDialog):
    """Asks for the PIN that one answer takes, at a terminal where others could type; it ends with that."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def compose(self) -> ComposeResult:
        """Says what it is for."""
        with Vertical(classes="box") as box:
            box.border_title = f"PIN for {self.entry.number}"
            yield from self.about()
            yield Input(password=True)
            yield Static(classes="problem")
            with Horizontal(classes="buttons"):
                yield Button(Text("Enter Give"), name="give", compact=True)
                yield Button(Text("Esc Cancel"), name="cancel", compact=True)

    def act(self, deed: str) -> None:  # noqa: ARG002 # there is but one
        """Gives what was typed."""
        field = self.query_one(Input)
        if field.value and not self.settled and self.guard.passes():
            self.dismiss({"pin": field.value})
