"""Lines of the corpus run for real: in a sandbox, by `safeshell run`, where what they name are harmless stand-ins."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from corpus.corpus import USER, Entry, entries
from corpus.sandbox import Run, Sandbox
from harness import temporary_directory

from safeshell.cli.checkline import caller_of
from safeshell.home.settings import Settings
from safeshell.shell.judge import judge_line

EVASIONS = tuple(entry for entry in entries() if entry.runs and not entry.harmless)
HARMLESS = tuple(entry for entry in entries() if entry.runs and entry.harmless)
LEAST = 60


class Ran(NamedTuple):
    """What became of the lines.

    Attributes:
        sandbox: where they ran.
        native, guarded: how each ended, without and behind the shims.
    """

    sandbox: Sandbox
    native: dict[Entry, Run]
    guarded: dict[Entry, Run]

    def forbidden(self, entry: Entry, run: Run) -> list[list[str]]:
        """The stand-ins that were executed with arguments that the rules don't let through."""
        return [argv for argv in run.trace if not self._allowed(argv, entry)]

    def _allowed(self, argv: list[str], entry: Entry) -> bool:
        environment = {"HOME": USER, "SAFESHELL_CONTEXT": "ai"}
        branch = entry.branch or None
        line = shlex.join(argv)
        judged = judge_line(line, caller_of(self.sandbox.tables, Settings(), environment, b"/", branch, shims=False))
        return judged.decision.action.word == "allow"


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    with temporary_directory() as root:
        sandbox = Sandbox(root)
        if not sandbox.works():
            pytest.skip("needs bwrap to be let make a sandbox")
        asked = (*EVASIONS, *HARMLESS)
        native, guarded = (sandbox.run(asked, native=native) for native in (True, False))
        yield Ran(sandbox, dict(zip(asked, native, strict=True)), dict(zip(asked, guarded, strict=True)))


def test_enough_lines_run() -> None:
    assert len(EVASIONS) >= LEAST
    assert len(HARMLESS) >= LEAST


@pytest.mark.needs("bwrap")
@pytest.mark.parametrize("entry", EVASIONS, ids=lambda entry: entry.name)
def test_what_an_evasion_hides_is_never_executed(ran: Ran, entry: Entry) -> None:
    assert ran.forbidden(entry, ran.native[entry]), "it evades nothing: no such command runs natively either"
    run = ran.guarded[entry]
    assert ran.forbidden(entry, run) == []
    assert "safeshell: denied by rule " in run.err or " requires approval" in run.err, run


@pytest.mark.needs("bwrap")
@pytest.mark.parametrize("entry", HARMLESS, ids=lambda entry: entry.name)
def test_the_harmless_run_as_natively(ran: Ran, entry: Entry) -> None:
    assert ran.guarded[entry] == ran.native[entry]
