"""`safeshell monitor`: the screen, on a terminal that it can draw on."""

from __future__ import annotations

import os

import click

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home


@click.command("monitor")
@click.option("--no-pin", is_flag=True, help="Don't ask for the PIN: only watch what agents do.")
def command(no_pin: bool) -> int:
    """Watch what is decided, and answer what waits for approval, on one screen.

    Answering an agent takes the PIN (`safeshell approvals enroll`): once, or each time where others could type at this
    terminal.
    """
    if os.environ.get("TERM") == "dumb" or not all(os.isatty(stream) for stream in (0, 1, 2)):
        raise SafeShellError(
            "monitor takes a terminal that it can draw on",
            hint="`safeshell approvals list` and `safeshell log --follow` print lines",
        )
    home = Home.find()

    from safeshell.monitor.app import MonitorApp  # noqa: PLC0415 # `--help` need not wait for Textual
    from safeshell.monitor.feed import LiveFeed  # noqa: PLC0415 # as above

    app = MonitorApp(LiveFeed(home), asks_pin=not no_pin)
    app.run()
    if app.bug is not None:
        raise app.bug
    return app.return_code or 0
