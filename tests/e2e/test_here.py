"""On this machine, as it is: what most other tests take for granted."""

from __future__ import annotations

import pytest
from harness import Daemon, run

from safeshell.home.paths import Home


@pytest.mark.usefixtures("shims")
def test_commands_run_in_the_daemon(daemon: Daemon) -> None:
    """Where they can't (in a sandbox that drops privileges, say), the tests of that placement would show nothing."""
    assert run(daemon.home, "ls", "-d", "/").stdout == b"/\n"
    placed = daemon.idle()["placement"]
    assert placed["daemon"]["count"] == 1, placed


@pytest.mark.usefixtures("shims")
def test_shims_are_the_native_client(home: Home) -> None:
    with open(f"{home.shims}/ls", "rb") as stream:
        assert stream.read(4) == b"\x7fELF"
