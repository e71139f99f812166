"""Where the time of a command goes: each part of its way alone, warm, beside the whole.

The daemon's own code is called, part by part. In a daemon that sleeps between commands the same parts are slower, for
their memory has left the processor's caches: the whole is more than the sum, and the difference is a part of its own.
What its native front does for a repeated line can't be called alone: these are the times that it takes itself, in use.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from building import Programs as Built
from decide import ENVIRONMENT
from overhead import CLIENT_ALONE, RULES, measure_alone, work_tree
from throughput import load
from workload import compiled_home, configuration, running_home

from safeshell.command.command_line import block, unblock
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.sources.policy_source import Policies
from safeshell.daemon.steps.locate import working_directory
from safeshell.daemon.steps.spawn import expressible
from safeshell.host.path_lookup import Programs
from safeshell.host.process.confinement import inspect
from safeshell.host.process.own import Own
from safeshell.policy.context import Context
from safeshell.policy.facts import RequestFacts
from safeshell.protocol import Command, Receiver, Type, encode_command

RUNS = 2000

CLIENT, KERNEL = "client", "kernel"
FRONT, IN_FRONT = "front, a repeated line", "front, where it runs the command"
DAEMON, IN_DAEMON = "daemon, a new line", "daemon, where it runs the command"

STAGES = {
    "accept": (FRONT, "taking the connection, and who is at its other end"),
    "receive": (FRONT, "waiting for the request, and reading it"),
    "recall": (FRONT, "finding the answer, and that nothing it hangs on has changed"),
    "finish": (FRONT, "the answer"),
    "place": (IN_FRONT, "who asks: confinement, limits, umask"),
    "spawn": (IN_FRONT, "vfork, up to the child's execve"),
    "reap": (IN_FRONT, "from waking up to the child's status"),
}
"""Of a repeated line, by their names in `safeshell perf-stats`."""


@dataclass(frozen=True)
class Part:
    """One part.

    Attributes:
        where: who spends it.
        what: what is done.
        microseconds: the median.
    """

    where: str
    what: str
    microseconds: float


def measure(built: Built | None) -> list[Part]:
    """The parts, in the order of a command's way."""
    parts = [] if built is None else _client(built) + _front(built)
    with subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL) as caller, work_tree():
        try:
            parts += _daemon(caller.pid)
        finally:
            caller.kill()
    return [*parts, Part(KERNEL, "a message to a sleeping process, and its answer", _round_trip())]


def _client(built: Built) -> list[Part]:
    timings = measure_alone(built)
    if len(timings) < 2:
        return []
    empty = timings["empty static program"].p50
    return [
        Part(CLIENT, "a process that does nothing: vfork, execve, page faults, exit, wait", empty),
        Part(CLIENT, "looking at itself, the request, waiting for a refusal", timings[CLIENT_ALONE].p50 - empty),
    ]


def _front(built: Built) -> list[Part]:
    with running_home(RULES, configuration(["true"], "daemon")) as made:

        def run(times: int) -> None:
            shim = os.path.join(made.home.shims, "true")
            load(built, "run", "1", str(times), "same", shim, home=made.home.root, directory="/")

        run(20)  # the answer is kept from then on
        made.safeshell("perf-stats", "--reset")
        run(RUNS)
        made.check_repeated(RUNS)
        found = json.loads(made.safeshell("perf-stats", "--json"))["stages"]
    return [Part(*part, found[name]["p50_us"]) for name, part in STAGES.items() if name in found]


def _daemon(pid: int) -> list[Part]:
    own, pidfd = Own.read(), os.pidfd_open(pid)
    with compiled_home(RULES, configuration(["true"])) as made:
        loop = Loop()
        policies = Policies(made.home, loop)
        policies.load()
        descriptor = os.open(".", os.O_PATH | os.O_CLOEXEC)
        directory = os.fsencode(os.getcwd())
        path = f"{made.home.shims}:/usr/local/bin:/usr/bin:/bin"
        environment = ENVIRONMENT + block([b"PATH=" + os.fsencode(path)])
        arguments = block([b"true"])
        request = encode_command(Command(Type.EXECUTE, 0, b"/x/shims/true", arguments, environment, 0, 0))
        policy = policies.policy(())
        assert policy is not None
        context, programs = Context(), Programs()
        facts = RequestFacts(environment, directory, context, descriptor=descriptor)
        base, numbers = b"/proc/self/fd/%d" % descriptor, itertools.count()
        steps: list[tuple[str, str, Callable[[], object]]] = [
            (DAEMON, "decoding the request", lambda: Receiver().feed(request)),
            (DAEMON, "who asks: confinement, limits, umask", lambda: inspect(pid, own, pidfd)),
            (DAEMON, "… of that, reading /proc/PID/status", lambda: _read(b"/proc/%d/status" % pid)),
            (DAEMON, "… of that, reading /proc/PID/limits", lambda: _read(b"/proc/%d/limits" % pid)),
            (DAEMON, "… of that, eight namespaces", lambda: _namespaces(pid)),
            (DAEMON, "the working directory's name", lambda: working_directory(base, pid, same_view=True)),
            (DAEMON, "whether a repository's rules apply", lambda: policies.repository(directory)),
            (DAEMON, "whether a rules file has changed", lambda: policies.stale(())),
            (
                DAEMON,
                "deciding",
                lambda: policy.decide(
                    "true", block([b"true", b"%d" % next(numbers)]), RequestFacts(environment, directory, context)
                ),
            ),
            (DAEMON, "the program along PATH", lambda: programs.find(b"true", facts.variable(b"PATH"), base)),
            (IN_DAEMON, "the environment, entry by entry", lambda: expressible(unblock(environment[1:]))),
        ]
        parts = [Part(where, what, _median(step)) for where, what, step in steps]
        os.close(descriptor)
        loop.close()
    os.close(pidfd)
    return [*parts, Part(IN_DAEMON, "posix_spawn, up to the child's execve", _spawn(environment))]


def _median(step: Callable[[], object], runs: int = RUNS) -> float:
    samples = []
    for _ in range(runs):
        began = time.perf_counter_ns()
        step()
        samples.append((time.perf_counter_ns() - began) / 1000)
    return statistics.median(samples)


def _read(path: bytes) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 8192)
    finally:
        os.close(descriptor)


def _namespaces(pid: int) -> None:
    for name in (b"mnt", b"pid_for_children", b"net", b"ipc", b"uts", b"user", b"cgroup", b"time"):
        os.readlink(b"/proc/%d/ns/%s" % (pid, name))


def _spawn(environment: bytes) -> float:
    true = shutil.which("true", path="/usr/bin:/bin") or "true"
    entries = expressible(unblock(environment[1:])) or {}
    samples = []
    for _ in range(200):
        began = time.perf_counter_ns()
        pid = os.posix_spawn(true, ["true"], entries, setpgroup=0, setsigdef=(signal.SIGPIPE, signal.SIGXFSZ))
        samples.append((time.perf_counter_ns() - began) / 1000)
        os.waitpid(pid, 0)
    return statistics.median(samples)


def _round_trip() -> float:
    """Between this process and another, each asleep until the other has spoken."""
    here, there = socket.socketpair()
    with subprocess.Popen(["cat"], stdin=there.fileno(), stdout=there.fileno()) as echo, here:
        there.close()

        def ask() -> None:
            here.sendall(b"x")
            here.recv(1)

        found = _median(ask)
        here.shutdown(socket.SHUT_WR)
        echo.wait()
    return found
