from __future__ import annotations

import io

import pytest
from harness import until

from safeshell.cli import output
from safeshell.cli.output import progress
from safeshell.text import columns


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_and_gone_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "PATIENCE_S", 0.0)
    stream = Terminal()
    with progress("compiling", stream):
        until(lambda: "compiling … 0 s" in stream.getvalue(), "progress")
    assert stream.getvalue().endswith("\r\x1b[K")


def test_what_is_quick_shows_none() -> None:
    stream = Terminal()
    with progress("compiling", stream):
        pass
    assert stream.getvalue() == ""


def test_only_a_terminal_gets_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "PATIENCE_S", 0.0)
    stream = io.StringIO()
    with progress("compiling", stream):
        pass
    assert stream.getvalue() == ""


def test_columns_are_aligned() -> None:
    assert columns([("a", "b"), ("long", "")]) == "a     b\nlong\n"
