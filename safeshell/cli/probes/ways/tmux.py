"""Ways in by tmux: a server that runs already has the environment of whoever started it, a new one that of here."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping

from safeshell.cli.probes.ways.model import PATIENCE_S, TRY, Here, Tried, Way, by_shims, judge
from safeshell.host.process import bounded

_ASK_S = 5.0
"""Seconds for a server that runs to answer."""


def tmux_ways(here: Here) -> Iterator[Way]:
    """What tmux starts, where it is installed: nothing of a server that runs is changed, and nothing shows in it."""
    if shutil.which("tmux") is None:
        return
    if _tmux(here.environment, _ASK_S, "show-environment", "-g", "PATH").status == 0:
        cover = f'tmux set-environment -g PATH "{here.home.shims}:$PATH"'
        yield by_shims("tmux, running", "tmux", _in_server(here), False, cover)
    yield by_shims("tmux, new", "tmux", _in_new_server(here), here.is_behind_shims, "safeshell run -- tmux")


def _in_server(here: Here) -> Tried:
    with tempfile.TemporaryDirectory(prefix="safeshell-doctor-") as directory:
        output = os.path.join(directory, "output")
        done = _tmux(here.environment, PATIENCE_S, "run-shell", _into(output))
        return _judge(here, output, done)


def _in_new_server(here: Here) -> Tried:
    """One with its sockets where nobody else's are, and without the user's settings, which may start anything."""
    with tempfile.TemporaryDirectory(prefix="safeshell-doctor-") as directory:
        output = os.path.join(directory, "output")
        environment = {**here.environment, "TMUX_TMPDIR": directory}
        environment.pop("TMUX", None)
        tmux = shlex.join([shutil.which("tmux") or "tmux", "wait-for", "-S", "tried"])
        try:
            begin = ("-f", "/dev/null", "new-session", "-d", f"{_into(output)}; {tmux}")
            done = _tmux(environment, PATIENCE_S, *begin, ";", "wait-for", "tried")
            return _judge(here, output, done)
        finally:
            _tmux(environment, _ASK_S, "kill-server")


def _into(output: str) -> str:
    """The line for a shell of any kind, its output in a file."""
    return f"{shlex.join(['sh', '-c', TRY])} > {shlex.quote(output)} 2>&1; true"


def _judge(here: Here, output: str, done: bounded.Ended) -> Tried:
    if done.status is None:
        return Tried(None, "it did not answer in time")
    try:
        with open(output, "rb") as stream:
            return judge(here, stream.read())
    except FileNotFoundError:
        said = os.fsdecode(done.stderr).strip().splitlines()
        return Tried(None, f"the line was not run{f': {said[-1]}' if said else ''}")


def _tmux(environment: Mapping[str, str], seconds: float, *words: str) -> bounded.Ended:
    try:
        return bounded.run(["tmux", *words], seconds, environment=environment)
    except OSError as error:
        return bounded.Ended(127, b"", str(error.strerror).encode())
