"""The command line, run in this process: as fast as a call, with the exit statuses and streams of the real thing."""

from __future__ import annotations

import os
import sys

import pytest
from harness import Cli, Ran

from safeshell.cli.main import main
from safeshell.paths import Home


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
