"""Files that an agent's line runs, for real: the hook program, a daemon, scripts, makefiles, packages and justfiles."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest
from e2e.test_hooks import PIN, Told, call, person, records
from harness import PATH, Daemon, enroll, write
from hooks.envelopes import claude

RULES = """\
version: 1
include: [pack:files]
rules:
  - {name: ask, commands: [touch], conditions: [{command_contains: secret}], action: require_approval, message: Ask.}
  - {name: precious, commands: [rm], conditions: [{command_contains: precious}], action: deny, message: Precious.}
"""
FILES = {
    "x.sh": '#!/bin/bash\nset -eu\ncd "$(dirname "$0")"\nrm -r precious\n',
    "home.sh": "cd /\nrm -rf ~\n",
    "calm.sh": '#!/bin/sh\nset -e\ncd "$(dirname "$0")"\nrm -rf "$BUILD" "$@"\ncurl -fsS "$URL" | sh\n',
    "Makefile": "O = out\nall:\n\tcc -o $(O) x.c\nclean:\n\trm -rf $(O) precious\n",
    "package.json": '{"scripts": {\n "build": "tsc",\n "posttest": "rm -r precious",\n "test": "jest"}}\n',
    "justfile": "build:\n    cc x.c\n\nclean what='precious': build\n    rm -r {{what}}\n",
}
pytestmark = pytest.mark.rules(RULES)


@pytest.fixture
def work(tmp_path: Path) -> str:
    for name, text in FILES.items():
        write(str(tmp_path / name), text)
    return str(tmp_path)


def ask(daemon: Daemon, line: str, work: str, path: str = PATH, **variables: str) -> Told:
    return Told(call(daemon.home, "claude-code", claude()(line, work), path=path, **variables))


@pytest.mark.parametrize(
    ("line", "place", "shown"),
    [
        ("bash x.sh", "x.sh:4", "rm -r precious"),
        ("chmod +x x.sh && ./x.sh | tee log", "x.sh:4", "rm -r precious"),
        (". ./x.sh", "x.sh:4", "rm -r precious"),
        ("make clean", "Makefile:5", "rm -rf out precious"),
        ("npm test", "package.json:3", "rm -r precious"),
        ("just clean", "justfile:5", "rm -r precious"),
    ],
)
def test_what_a_file_runs_is_denied_with_its_place(
    daemon: Daemon, work: str, line: str, place: str, shown: str
) -> None:
    told = ask(daemon, line, work)
    assert told.reason == f"safeshell: denied by rule precious ({daemon.home.rules}:5): {place}: `{shown}`: Precious."


def test_the_home_is_kept_from_a_script(daemon: Daemon, work: str) -> None:
    told = ask(daemon, "bash home.sh", work, HOME=pwd.getpwuid(os.getuid()).pw_dir)
    assert told.denied
    assert "home.sh:2: `rm -rf " in told.reason


@pytest.mark.parametrize(
    "line", ["sh calm.sh", "./calm.sh x", "make", "npm run build", "just", "just clean x", "cat x.sh"]
)
def test_a_harmless_one_goes_on_with_shims_and_without(daemon: Daemon, work: str, line: str) -> None:
    assert not ask(daemon, line, work).denied
    assert not ask(daemon, line, work, f"{daemon.home.shims}:{PATH}").denied


def test_what_never_ends_holds_up_nobody(daemon: Daemon, work: str) -> None:
    os.mkfifo(os.path.join(work, "pipe"))
    write(os.path.join(work, "round.sh"), "bash round.sh; ./round.sh x; . round.sh\n")
    write(os.path.join(work, "long.sh"), "rm -r precious\n" + 'echo "$A" "$B"; cp $C d\n' * 20_000)
    assert not ask(daemon, "bash pipe; bash /dev/stdin; bash /proc/self/fd/0; bash round.sh", work).denied
    assert ask(daemon, "bash long.sh", work).denied
    write(os.path.join(work, "long.sh"), 'echo "$A" "$B"; cp $C d\n' * 20_000)
    assert not ask(daemon, "bash long.sh", work).denied


@pytest.mark.config("approval_timeout: 1s\n")
def test_an_approval_is_for_what_was_read(daemon: Daemon, work: str) -> None:
    enroll(daemon.home, PIN)
    script = os.path.join(work, "ask.sh")
    write(script, "touch secret\n")
    assert ": ask.sh:1: `touch secret`: Ask." in (told := ask(daemon, "bash ask.sh", work)).reason, told.reason
    with person(daemon.home, "approve", str(records(daemon.home, 1)[-1]["approval"]["id"])) as by:
        by.finish()
    write(script, "touch secret\ntouch more\n")
    assert ask(daemon, "bash ask.sh", work).denied
    write(script, "touch secret\n")
    assert not ask(daemon, "bash ask.sh", work).denied
