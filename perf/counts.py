"""Instructions that the client and the daemon take for a request: the same on a busy machine as on a quiet one.

- The client: the whole process under callgrind, against the reference broker. No two runs differ.
- The daemon: the real one under callgrind, counted from the first request of a kind to the last, once each kind is
  warm, with what is told of it afterwards; hash seed fixed. Two runs of decisions differ by less than 0.1 %; where
  commands run, by up to 4 %, for it depends on time how much is ready, or is told, whenever the loop looks.
"""

from __future__ import annotations

import contextlib
import glob
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import callgrind
from building import Programs
from callgrind import Count
from reference import reference
from throughput import ALLOWED, load
from tree import Tree
from workload import Running, compiled_home, configuration

SHIMS = ("true", "sleep", "echo", "printf", "dirname")

DECISIONS, COMMANDS = 150, 50
"""Requests of each kind that are counted: then the collector's rounds come to the same in each run."""

RULES = (
    """\
version: 1
rules:
  - {name: here, commands: ['true', sleep], action: allow, execution: daemon, message: Runs in the daemon.}
  - {name: there, commands: ['echo'], action: allow, execution: in_place, message: Runs in place.}
  - {name: asked-here, commands: [dirname], action: allow, execution: daemon, message: Runs in the daemon.}
  - {name: asked-there, commands: [printf], action: allow, execution: in_place, message: Runs in place.}
  - name: nearly
    commands: [dirname, printf]
    conditions: [{command_matches: ' x--no( |$)'}]
    action: deny
    message: No.
    tests: {match: [printf x--no]}
"""
    + "".join(
        f"""\
  - name: no-{number}
    commands: [tool1, tool2]
    conditions: [{{command_matches: 'sub{number} .*--force'}}]
    action: deny
    message: No.
    tests: {{match: [tool1 sub{number} x --force]}}
"""
        for number in range(100)
    )
    + """\
  - name: not-here
    commands: [tool2]
    conditions: [{git_branch_in: [main]}, {env_equals: {variable: CI, value: 'true'}}, {command_contains: sub}]
    action: deny
    message: No.
    tests: {match: [{command: tool2 sub, branch: main, env: {CI: 'true'}}]}
"""
)

IN_PLACE, IN_DAEMON = ("printf", "x--nope"), ("dirname", "x--nope")
"""Commands each line of which has what a rule needs, which doesn't match it: Python decides it."""

DENIED = ("printf", "x--no")
"""A command that a rule denies: Python decides it, and the log gets a line."""

PATIENCE_S = 60.0

REPORTED_S = 0.2
"""By then the daemon's front has told of all that it answered, which is counted and recorded."""

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/", **{f"VARIABLE_{number}": "value " * 8 for number in range(30)}}

Kind = Callable[[Programs, Running, int, str], None]
"""Makes so many requests of one kind; the word makes lines of them that no other word does."""


def count(tree: Tree, programs: Programs) -> dict[str, Count]:
    """Instructions a request, by what was asked."""
    return {**_client(tree, programs), **_daemon(tree, programs)}


def _client(tree: Tree, programs: Programs) -> dict[str, Count]:
    found = {}
    for mode, program, status, what in (
        ("refuse", "/usr/bin/true", 126, "client, refused"),
        # An execve that fails: one that does not would end the count unwritten.
        ("exec", "/nonexistent/true", 127, "client, in place"),
        ("spawn", "/usr/bin/true", 0, "client, daemon"),
    ):
        with reference(programs, mode, tree.client, [program]) as home:
            output = os.path.join(home, "count")
            done = subprocess.run(
                [*callgrind.command(output), f"{home}/shims/true", "--argument"],
                env={**_ENVIRONMENT, "SAFESHELL_HOME": home},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                start_new_session=True,
                check=False,
            )
            if done.returncode != status:
                raise SystemExit(f"{tree.name}: {what}: status {done.returncode}, expected {status}: {done.stderr!r}")
            found[what] = callgrind.read(output, tree.root)
    return found


def _decide(name: str, lines: str) -> Kind:
    def ask(programs: Programs, made: Running, times: int, word: str) -> None:
        words = ["1", str(times), lines, "10", ALLOWED, f"/usr/bin/{name}", name, "sub", word]
        load(programs, "ask", made.home.socket, *words, directory=made.home.root)

    return ask


def run(lines: str, name: str, *arguments: str, outcome: str = "run") -> Kind:
    """Has a shimmed command run, or denied ("deny"): the "same" line each time, or each time a "new" one."""

    def ask(programs: Programs, made: Running, times: int, word: str) -> None:
        words = [os.path.join(made.home.shims, name), *arguments, *([word] if lines == "new" else [])]
        load(programs, outcome, "1", str(times), lines, *words, home=made.home.root, directory="/")
        select.select([], [], [], REPORTED_S)

    return ask


KINDS: dict[str, tuple[int, Kind]] = {
    "daemon, decides a line never seen": (DECISIONS, _decide("tool1", "new")),
    "daemon, decides by more than the line": (DECISIONS, _decide("tool2", "new")),
    "daemon, decides a line again": (DECISIONS, _decide("tool1", "same")),
    "daemon, in place": (COMMANDS, run("same", "echo")),
    "daemon, in place, a new line": (COMMANDS, run("new", "echo")),
    "daemon, in place, a new line that a rule may match": (COMMANDS, run("new", *IN_PLACE)),
    # It lasts: under callgrind every child may last longer than the front minds it alone, and this one always does.
    "daemon, runs it": (COMMANDS, run("same", "sleep", "0.05")),
    "daemon, runs it, a new line": (COMMANDS, run("new", "true")),
    "daemon, runs it, a new line that a rule may match": (COMMANDS, run("new", *IN_DAEMON)),
    "daemon, denies a new line": (COMMANDS, run("new", *DENIED, outcome="deny")),
}
"""What is asked of the daemon, and how often."""


def _daemon(tree: Tree, programs: Programs, settings: str = "") -> dict[str, Count]:
    with compiled_home(RULES, configuration(SHIMS) + settings, tree.python) as made:
        output = os.path.join(made.home.root, "count")
        options = ("--instr-atstart=no",)
        with serving(made, [*callgrind.command(output, *options), tree.python, "-s", "-m", "safeshell.daemon"]) as pid:
            drive(programs, made, "warm")
            callgrind.control(pid, "--instr=on")
            drive(
                programs,
                made,
                "more",
                before=lambda: callgrind.control(pid, "--zero"),
                after=lambda: callgrind.control(pid, "--dump"),
            )
        return _read_dumps(output)


def drive(
    programs: Programs,
    made: Running,
    word: str,
    *,
    before: Callable[[], None] = lambda: None,
    after: Callable[[], None] = lambda: None,
) -> None:
    """Makes requests of every kind, and calls before and after each kind."""
    for times, ask in KINDS.values():
        before()
        ask(programs, made, times, word)
        after()


def _read_dumps(output: str) -> dict[str, Count]:
    dumps = {}
    for path in glob.glob(f"{output}.[0-9]*"):
        dumps[int(path.rpartition(".")[2])] = path
    if len(dumps) != len(KINDS):
        raise SystemExit(f"callgrind wrote {len(dumps)} counts, expected {len(KINDS)}")
    return {
        what: callgrind.read(dumps[number]).each(times)
        for number, (what, (times, _)) in zip(sorted(dumps), KINDS.items(), strict=True)
    }


@contextlib.contextmanager
def serving(made: Running, command: list[str]) -> Iterator[int]:
    """A daemon started by this very command; yields its process id."""
    errors = os.path.join(made.home.root, "errors")
    with open(errors, "wb") as stderr:
        process = subprocess.Popen(
            command,
            env={"PATH": "/usr/bin:/bin", "HOME": "/", "SAFESHELL_HOME": made.home.root, "PYTHONHASHSEED": "0"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )
    try:
        _wait_for_socket(made, process, errors)
        made.wait_for_front()
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait_for_socket(made: Running, process: subprocess.Popen[bytes], errors: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not os.path.exists(made.home.socket):
        if process.poll() is not None or time.monotonic() > end:
            said = Path(errors).read_text(encoding="utf-8", errors="replace").strip()
            raise SystemExit(f"the daemon did not start under {process.args!r}: {said}")
        select.select([], [], [], 0.01)


def main() -> None:
    """Prints this tree's counts, the daemon's also with nothing timed."""
    from building import build  # noqa: PLC0415 # only here
    from tree import working_tree  # noqa: PLC0415 # only here

    if why := callgrind.available():
        sys.exit(why)
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        programs = build(directory)
        if programs is None:
            sys.exit(1)
        tree = working_tree(os.path.join(directory, "tree"))
        untimed = _daemon(tree, programs, "stats: false\n")
        print(f"{'instructions a request':<50} {'':>10} stats: false")
        for what, counted in count(tree, programs).items():
            other = f"{untimed[what].total:>10,}" if what in untimed else ""
            print(f"{what:<50} {counted.total:>10,} {other}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
