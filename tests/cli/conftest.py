"""The command line, run in this process: as fast as a call, with the exit statuses and streams of the real thing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from safeshell.cli.main import main
from safeshell.paths import Home


class Ran(NamedTuple):
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


Cli = Callable[..., Ran]


@pytest.fixture
def cli(home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Runs `safeshell` with these words, for the test's home and in its directory."""
    monkeypatch.setenv("SAFESHELL_HOME", home.root)
    monkeypatch.setenv("PATH", "/usr/local/bin:/usr/bin:/bin")
    monkeypatch.chdir(home.root)

    def run(*argv: str) -> Ran:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["safeshell", *argv])
        directory = os.getcwd()
        with pytest.raises(SystemExit) as ended:
            main()
        assert os.getcwd() == directory
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, *capfd.readouterr())

    return run
