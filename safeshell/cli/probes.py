"""Probes of `doctor`: not what is configured, but what happens to a command here and now."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from safeshell.client import control, evaluate
from safeshell.errors import SafeShellError
from safeshell.home.in_force import published
from safeshell.home.paths import Home
from safeshell.host.path_lookup import Programs
from safeshell.install.native import bash_client, native_client, why_not_static
from safeshell.install.shims import list_shims, missing
from safeshell.protocol import Type

RUNS = 30
"""Times each command is run for its cost; medians of so many are stable to a few per cent."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Finding of one probe.

    Attributes:
        name: what was probed.
        ok: whether it is as it should be; None where there was nothing to probe.
        found: one line.
        hint: what mends it, or "".
    """

    name: str
    ok: bool | None
    found: str
    hint: str = ""


def examine(home: Home) -> Iterator[Probe]:
    """Runs every probe, each as soon as it is asked for; the later ones need what the earlier ones found."""
    for probe in (_home, _rules, _daemon):
        found = probe(home)
        yield found
        if found.ok is False:
            return
    names = list_shims(home)
    yield _client(home, names)
    yield _path(home, names)
    if names:
        # What is decided in a repository isn't what is decided elsewhere.
        with _StandIns(home, names) as stand_ins, contextlib.chdir("/"):
            yield _canary(home, stand_ins)
            yield from _cost(home, stand_ins)


def _home(home: Home) -> Probe:
    try:
        home.check()
    except SafeShellError as error:
        return Probe("home", False, error.message, error.hint)
    return Probe("home", True, home.root)


def _rules(home: Home) -> Probe:
    try:
        home.check_rules()
    except SafeShellError as error:
        return Probe("rules", False, error.message, error.hint)
    from safeshell_compiler.publish import compile_home  # noqa: PLC0415 # heavy, and doctor's alone

    errors = compile_home(home).errors
    if errors:
        first = errors[0]
        return Probe(
            "rules", False, f"{first.file}:{first.line}:{first.column}: {first.message}", "run `safeshell compile`"
        )
    return Probe("rules", True, f"{home.rules} compiles")


def _daemon(home: Home) -> Probe:
    try:
        status = control(Type.STATUS, home=home)
    except SafeShellError as error:
        return Probe("daemon", False, error.message, "run `safeshell daemon start`")
    if status["error"]:
        return Probe("daemon", False, f"the last good rules are in force: {status['error']}", "mend the rules")
    if status["table"] is None:
        return Probe("daemon", False, "no rules are in force", "run `safeshell compile`")
    # It looks for its front a moment after its start: then there is nothing to say yet.
    slower = status["uptime_s"] > 1 and not status["front"]["native"]
    hint = f"it has no native front ({status['front']['reason']}): a command costs more" if slower else ""
    return Probe("daemon", True, f"pid {status['pid']}, table {status['table'][:12]}", hint)


def _client(home: Home, names: Sequence[str]) -> Probe:
    if not names:
        return Probe("shims", False, f"there are none in {home.shims}", "run `safeshell shims sync`")
    try:
        tables, settings = published(home)
        bare = missing(home, tables, settings)
    except SafeShellError as error:
        return Probe("shims", False, error.message, error.hint)
    if bare:
        found = f"the rules are about commands without a shim: {_few(bare)}"
        return Probe("shims", False, found, "run `safeshell shims sync`")
    clients = _clients()
    kinds = {clients.get(_content(os.path.join(home.shims, name)), "") for name in names}
    if "" in kinds:
        return Probe("shims", False, "some are of another version than this installation", "run `safeshell shims sync`")
    if len(kinds) > 1:
        found = f"some are {' and some '.join(sorted(kinds, reverse=True))}"
        return Probe("shims", True, f"{len(names)}, {found}", "run `safeshell shims sync`")
    (kind,) = kinds
    why, hint = _explain(kind, asked_for=settings.shims_client == "bash")
    return Probe("shims", True, f"{len(names)}, {kind}{why and f': {why}'}", hint)


_STATIC, _LINKED, _BASH = "the static client", "the client linked against libc", "the bash fallback"


def _clients() -> dict[bytes, str]:
    """The clients of this installation, by what is in them."""
    found = {_content(bash_client()): _BASH}
    native = native_client()
    if native is not None:
        found[_content(native)] = _LINKED if why_not_static() else _STATIC
    return found


def _content(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def _explain(kind: str, *, asked_for: bool) -> tuple[str, str]:
    """Why the shims are this client, and how they come to be a faster one; `asked_for`: the settings want bash."""
    if kind == _STATIC:
        return "", ""
    why = why_not_static()
    if kind == _LINKED:
        hint = "a command costs more: install again with a C compiler that can do without, then `safeshell shims sync`"
        return why, hint
    if asked_for:
        return "the settings ask for it", ""
    if native_client() is not None:
        return "", "a native client is installed: run `safeshell shims sync`"
    hint = "install again where there is a C compiler, then `safeshell shims sync`"
    return f"no native client could be built here{why and f' ({why})'}", hint


def _path(home: Home, names: Sequence[str]) -> Probe:
    """Is what a name leads to on this PATH its shim?"""
    programs = Programs()
    bare = []
    for name in names:
        found = shutil.which(name)
        if found is None or not programs.is_shim(os.fsencode(found), os.stat(found)):
            bare.append(name)
    if not bare:
        return Probe("PATH", True, f"each of the {len(names)} names leads to its shim")
    hint = f'put the shims first: export PATH="{home.shims}:$PATH"; or use `safeshell run`'
    return Probe("PATH", False, f"{len(bare)} of {len(names)} names lead past their shim: {_few(bare)}", hint)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")


class _StandIns:
    """A directory with a harmless program under each shimmed name: the only thing a probe could run by mistake.

    Attributes:
        environment: what probes are run with: the shims first on PATH, the stand-ins behind them, context `ai`.
        denied: a command that the rules deny, once it has been looked for.
    """

    def __init__(self, home: Home, names: Sequence[str]) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="safeshell-doctor-")
        self.names = names
        self.environment = {
            "PATH": f"{home.shims}:{self._directory.name}",
            "HOME": os.path.expanduser("~"),
            "SAFESHELL_HOME": home.root,
            "SAFESHELL_CONTEXT": "ai",
        }
        self.shims = home.shims
        self.denied: list[str] | None = None

    def __enter__(self) -> Self:
        true = shutil.which("true", path="/usr/bin:/bin") or "/bin/true"
        for name in self.names:
            shutil.copy(true, self.native(name))
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.cleanup()

    def native(self, name: str) -> str:
        """The stand-in of a name."""
        return os.path.join(self._directory.name, name)

    def shim(self, name: str) -> str:
        """The shim of a name."""
        return os.path.join(self.shims, name)


def _canary(home: Home, stand_ins: _StandIns) -> Probe:
    """Runs a command that the rules deny, through its shim: denied by the rules, or by nothing?"""
    words = stand_ins.denied = _denied_command(home, stand_ins)
    if words is None:
        return Probe("canary", None, "no rule denies a command that a test of it states for every directory")
    done = subprocess.run(
        words,
        executable=stand_ins.shim(words[0]),
        env=stand_ins.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        start_new_session=True,
        timeout=30,
        check=False,
    )
    line = " ".join(words)
    if done.returncode == 126 and b"denied by" in done.stderr:
        return Probe("canary", True, f"`{line}` is denied (a harmless stand-in was all that could have run)")
    said = done.stderr.decode("utf-8", "replace").strip() or f"status {done.returncode}"
    return Probe("canary", False, f"`{line}` should be denied and was not: {said}", "see `safeshell check --explain`")


def _denied_command(home: Home, stand_ins: _StandIns) -> list[str] | None:
    from safeshell_compiler import compile_rules  # noqa: PLC0415 # as above
    from safeshell_compiler.reading.words import split_words  # noqa: PLC0415 # as above
    from safeshell_compiler.rule_tests.run import collect  # noqa: PLC0415 # as above

    for test in collect(compile_rules(home.rules)):
        if test.expects != "match" or test.source.rule.action != "deny":
            continue
        words = split_words(test.case.command, os.path.expanduser("~"))
        if words and words[0] in stand_ins.names and _decision(words, home, stand_ins) == "deny":
            return words
    return None


def _decision(words: Sequence[str], home: Home, stand_ins: _StandIns) -> str:
    decision: str = evaluate(words, env=stand_ins.environment, home=home)["decision"]
    return decision


def _cost(home: Home, stand_ins: _StandIns) -> Iterator[Probe]:
    """Cost of a command, native and through its shim in both placements, interleaved."""
    name = next((name for name in stand_ins.names if _decision([name], home, stand_ins) == "allow"), None)
    if name is None:
        yield Probe("cost", None, "no shimmed command is allowed as it stands")
        return
    denied = stand_ins.denied
    new = itertools.count()
    cases: dict[str, Callable[[], float]] = {
        "native": lambda: _time(stand_ins.native(name), [name], stand_ins),
        "in the daemon": lambda: _time(stand_ins.shim(name), [name], stand_ins),
        "in place": lambda: _time(stand_ins.shim(name), [name], stand_ins, extra=True),
    }
    if _decision([name, "safeshell-doctor"], home, stand_ins) == "allow":
        cases["in place, a new line"] = lambda: _time(
            stand_ins.shim(name), [name, f"safeshell-doctor-{next(new)}"], stand_ins, extra=True
        )
    if denied is not None:
        cases["denied"] = lambda: _time(stand_ins.shim(denied[0]), denied, stand_ins)
    samples: dict[str, list[float]] = {case: [] for case in cases}
    for number in range(RUNS + 3):
        for case, run in cases.items():
            took = run()
            if number >= 3:
                samples[case].append(took)
    medians = {case: statistics.median(values) for case, values in samples.items()}
    native = medians.pop("native")
    for case, median in medians.items():
        over = median if case == "denied" else median - native
        what = "from start to exit" if case == "denied" else f"over its native {native / 1000:.2f} ms"
        # What is slow works all the same, and a loaded machine is slow: a hint, no failure.
        hint = (
            "more than the millisecond that it should be: a loaded machine, or the bash client?" if over > 1000 else ""
        )
        yield Probe(f"cost, {case}", True, f"{over / 1000:.2f} ms {what} (median of {RUNS})", hint)


def _time(program: str, argv: Sequence[str], stand_ins: _StandIns, *, extra: bool = False) -> float:
    """Microseconds from spawn to reap; `extra` leaves a descriptor above 2 open, which asks for in place."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    actions: list[Any] = [(os.POSIX_SPAWN_DUP2, null, target) for target in ((0, 1, 2, 9) if extra else (0, 1, 2))]
    began = time.perf_counter_ns()
    pid = os.posix_spawn(
        program,
        list(argv),
        stand_ins.environment,
        file_actions=actions,
        setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
        setsid=True,
    )
    os.waitpid(pid, 0)
    took = (time.perf_counter_ns() - began) / 1000
    os.close(null)
    return took
