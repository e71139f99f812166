"""Plays a session with a real agent: headless, in a home of its own, against the model in `server`.

python tests/agents/drive.py NAME [LINE…]    # what the model is told of each line; of the whole session's, without
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from agents.agent import Agent, fill, load
from agents.lines import lay_out, session
from agents.server import Asked, Session, serving
from harness import PATH, _naming, temporary_directory

PROMPT = "Run the lines."
PATIENCE_S = 300.0


class Said(NamedTuple):
    """What became of a line.

    Attributes:
        line: the line.
        told: what the model was told.
        status: the exit status that it was told; None where its agent tells none.
    """

    line: str
    told: str
    status: int | None


class SessionError(Exception):
    """An agent that didn't play the session to its end; says how it ended, what it said and what it asked for."""


def play(
    agent: Agent,
    lines: Sequence[str],
    root: str,
    *,
    before: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    prepare: Callable[[dict[str, str]], object] | None = None,
    asked: list[Asked] | None = None,
) -> list[Said]:
    """Has an agent run lines.

    Args:
        agent: it has to be installed.
        lines: what its model wants to run.
        root: where it gets a home, `home`; it is started in `work`, which is made where it isn't there.
        before: what starts it: a program and its arguments.
        environment: what else is in its environment.
        prepare: is given its environment, once its files are in its home and before it starts.
        asked: takes what the model was asked.

    Returns:
        What became of each line.

    Raises:
        SessionError: it ended before.
    """
    home, work = os.path.join(root, "home"), os.path.join(root, "work")
    for directory in (home, work, os.path.join(root, "tmp")):
        os.makedirs(directory, exist_ok=True)
    script = Session(lines, agent.tool, agent.call)
    with serving(script) as server:
        values = {"url": server.url, "prompt": PROMPT, "home": home, "package": agent.directory_of_package}
        for path, text in agent.files.items():
            _write(os.path.join(home, path), fill(text, values))
        words = [*before, agent.path, *(fill(word, values) for word in agent.argv)]
        surroundings = _environment(agent, home, values, server.url) | dict(environment or {})
        if prepare is not None:
            prepare(surroundings)
        done = _run(words, work, surroundings)
    if asked is not None:
        asked += server.asked
    if not script.ended:
        raise SessionError(
            f"{agent.name} {done}\n{len(server.asked)} asked, {server.lost=} {server.abroad=} {script.offered=}"
        )
    return [Said(line, told or "", status_of(agent, told or "")) for line, told in zip(lines, script.told, strict=True)]


def _environment(agent: Agent, home: str, values: Mapping[str, str], url: str) -> dict[str, str]:
    """A bare one; who asks for anything beyond loopback asks the model's server, and is refused."""
    return {
        "PATH": PATH,
        "HOME": home,
        "LC_ALL": "C.UTF-8",
        "SHELL": "/bin/bash",
        "TMPDIR": os.path.join(os.path.dirname(home), "tmp"),
        "HTTPS_PROXY": url,
        "https_proxy": url,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        **{name: fill(value, values) for name, value in agent.environment.items()},
    }


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def _run(words: list[str], work: str, environment: dict[str, str]) -> str:
    """Runs an agent to its end and ends whatever it leaves; returns how it ended and what it said."""
    # Not a pipe, which is open for as long as anything that it has left.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            words,
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
        finally:
            _end(process.pid, environment["HOME"])
        status = process.wait()
        output.seek(0)
        said = output.read().decode(errors="replace")
    return f"ended with {status}: {said[-4000:]}"


def _end(group: int, home: str) -> None:
    """Ends what an agent leaves: in its session, and in others (Cline's hub), which its home tells."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    for pid in _naming(os.fsencode(f"HOME={home}\0")):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def status_of(agent: Agent, told: str) -> int | None:
    """The exit status that a model was told; None where the agent tells none."""
    if agent.status is None:
        return None
    found = re.search(agent.status, told, re.MULTILINE)
    return int(found[1]) if found else 0


def main() -> int:
    """Plays one; returns the exit status."""
    name, *lines = sys.argv[1:]
    agent = load(name)
    with temporary_directory() as root:
        known = session()
        lay_out(os.path.join(root, "work"), known)
        for said in play(agent, lines or [line.line for line in known], root):
            print(f"$ {said.line}\n{said.told}\n[{said.status}]\n")
        for line in known if not lines else ():
            print(f"{line.name}: {'ran' if line.has_run(os.path.join(root, 'work')) else 'did not run'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
