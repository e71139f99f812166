"""`safeshell hook AGENT`: answers one call of an agent's hook, as the program that agents are told to run does."""

from __future__ import annotations

import os
import signal
import sys

import click

from safeshell.client import ask_as_hook
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.hooks.agent import NAMES, Written, agent_of, write
from safeshell.hooks.envelope import ENVELOPE_MAX
from safeshell.install.native import native_hook


@click.command("answer")
@click.argument("agent", type=click.Choice(NAMES))
def command(agent: str) -> int:
    """Answer one call of AGENT's hook: the call on stdin, the answer as AGENT takes it.

    Exit status: as AGENT takes it, too.
    """
    program = native_hook()
    if program is not None:
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and what is ignored stays so
            signal.signal(number, signal.SIG_DFL)
        os.execv(program, ["safeshell-hook", agent])
    return _write(_ask(agent))


def _ask(name: str) -> Written:
    """The answer where nothing native could be built: without a daemon always a denial."""
    agent = agent_of(name)
    assert agent is not None
    try:
        return Written(*ask_as_hook(name, sys.stdin.buffer.read(ENVELOPE_MAX + 1), home=Home.find()))
    except SafeShellError as error:
        return write(agent.closed, f"safeshell: this line does not run, for it cannot be judged: {error.message}")


def _write(told: Written) -> int:
    sys.stderr.buffer.write(told.stderr)
    sys.stderr.buffer.flush()
    sys.stdout.buffer.write(told.stdout)
    sys.stdout.buffer.flush()
    return told.status
