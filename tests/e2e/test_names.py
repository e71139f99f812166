"""Directories of any name: what people are shown of them is one printable line each, and the daemon goes on."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from harness import Daemon, environment, run, safeshell, temporary_directory, until, write

from safeshell.client import control
from safeshell.home.paths import Home
from safeshell.protocol import Type
from safeshell.text import printable

NAMES = {
    "no UTF-8": b"caf\xe9",
    "escapes": b"a\x1b[31m\r\n\tb",
    "bidirectional": "a\u202eb\u2066".encode(),
    "blank": "\u3164\u2800".encode(),
}
RULES = """\
version: 1
rules:
  - {name: no-echo, commands: [echo], action: deny, message: Quiet.}
  - {name: ask-ls, commands: [ls], action: require_approval, message: Look?}
"""


@pytest.fixture(params=NAMES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A repository's directory."""
    directory = os.path.join(tmp_path, os.fsdecode(NAMES[request.param]))
    write(os.path.join(directory, ".safeshell", "rules.yaml"), RULES)
    os.chmod(os.path.join(directory, ".safeshell"), 0o700)
    return directory


def lines_of(*streams: bytes | str) -> list[str]:
    """The lines of streams; each is as people are to be shown it."""
    text = "".join(stream if isinstance(stream, str) else stream.decode() for stream in streams)
    lines = text.removesuffix("\n").split("\n")
    assert all(line == printable(line) for line in lines), lines
    return lines


def test_rules_that_others_may_write_are_skipped_in_a_line(shims: Home, daemon: Daemon, place: str) -> None:
    os.chmod(os.path.join(place, ".safeshell", "rules.yaml"), 0o664)
    done = run(shims, "rm", "-f", "nothing", cwd=place)
    assert done.returncode == 0
    (line,) = lines_of(done.stderr)
    assert printable(place) in line
    assert "writable by others" in line
    said = lines_of(safeshell(daemon.home, "daemon", "status").stdout)
    assert any(printable(place) in line for line in said)
    checked = safeshell(daemon.home, "check", "--", "rm", "-f", "nothing", cwd=place)
    assert checked.returncode == 0
    lines_of(checked.stdout, checked.stderr)


def test_a_denial_there_is_one_line_everywhere(shims: Home, daemon: Daemon, place: str) -> None:
    source = f"rule no-echo ({printable(place)}/.safeshell/rules.yaml:3)"
    denied = run(shims, "echo", "x", cwd=place)
    assert denied.returncode == 126
    assert lines_of(denied.stdout, denied.stderr) == [f"safeshell: denied by {source}: Quiet."]
    checked = safeshell(daemon.home, "check", "--explain", "--", "echo", "x", cwd=place)
    assert checked.returncode == 3
    assert f"  {source}" in lines_of(checked.stdout, checked.stderr)
    until(lambda: "no-echo" in safeshell(daemon.home, "log").stdout, "the record of a denial")
    assert any(printable(place) in line for line in lines_of(safeshell(daemon.home, "log").stdout))
    lines_of(safeshell(daemon.home, "daemon", "status").stdout)


def test_what_waits_there_is_listed_a_line_each(shims: Home, daemon: Daemon, place: str) -> None:
    with subprocess.Popen(
        ["ls"], env=environment(shims), cwd=place, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as waiting:
        assert waiting.stderr is not None
        asked = lines_of(waiting.stderr.readline())
        listed = lines_of(safeshell(daemon.home, "approvals", "list").stdout)
        waiting.terminate()
        lines_of(waiting.stderr.read())
    assert printable(place) in asked[0]
    assert listed[1] == f"    in {printable(place)}"
    assert f"    ask-ls ({printable(place)}/.safeshell/rules.yaml:4): Look?" in listed


def test_a_home_of_such_a_name_is_said_a_line_each(place: str) -> None:
    with temporary_directory() as top:
        home = Home(os.path.join(top, os.path.basename(place)))
        for words in (["init"], ["compile"], ["shims", "sync"], ["log"], ["doctor"]):
            done = safeshell(home, *words, cwd=place)
            lines_of(done.stdout, done.stderr)
            assert done.returncode in (0, 1)
        if os.path.exists(home.socket):  # `doctor` has started one, which an agent that runs the tests can't stop
            pid = control(Type.STATUS, home=home)["pid"]
            os.kill(pid, signal.SIGTERM)
            until(lambda: not os.path.exists(home.socket), "the daemon's end")
        done = safeshell(home, "daemon", "status", cwd=place)
        assert lines_of(done.stdout, done.stderr) == [f"not running ({printable(home.root)})"]
