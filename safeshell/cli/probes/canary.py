"""Probes of a shim: what is always refused reaches the daemon, and what the rules deny is denied."""

from __future__ import annotations

import os

from safeshell.cli.probes.model import Probe
from safeshell.cli.probes.stand_ins import StandIns
from safeshell.command import canary
from safeshell.home.paths import Home
from safeshell.host.process import bounded

PATIENCE_S = 30.0


def probe_shim(home: Home) -> Probe:
    """Runs what the daemon always refuses, and nobody counts, through a shim: does it ask this home's daemon?"""
    shim = os.path.join(home.shims, canary.ARGV[0])
    path = f"{home.shims}:{os.environ.get('PATH', os.defpath)}"
    environment = {**os.environ, "PATH": path, "SAFESHELL_HOME": home.root}
    try:
        done = bounded.run(canary.ARGV, PATIENCE_S, environment=environment)
    except OSError as error:
        return Probe("shim", None, f"can't run {shim}: {error.strerror}", "run `safeshell shims sync`")
    if canary.answer(home.root).encode() in done.stderr:
        return Probe("shim", True, f"{shim} asks the daemon")
    said = done.stderr.decode("utf-8", "replace").strip() or f"status {done.status}"
    return Probe("shim", False, f"{shim} did not ask the daemon: {said}", "run `safeshell daemon restart`")


def probe_canary(home: Home, stand_ins: StandIns) -> Probe:
    """Runs a command that the rules deny, through its shim: denied by the rules, or by nothing?"""
    words = stand_ins.denied = _denied_command(home, stand_ins)
    if words is None:
        return Probe("canary", None, "no rule denies a command that a test of it states for every directory")
    done = bounded.run(words, PATIENCE_S, environment=stand_ins.environment)
    line = " ".join(words)
    if done.status == 126 and b"denied by" in done.stderr:
        return Probe("canary", True, f"`{line}` is denied (a harmless stand-in was all that could have run)")
    said = done.stderr.decode("utf-8", "replace").strip() or f"status {done.status}"
    return Probe("canary", False, f"`{line}` should be denied and was not: {said}", "see `safeshell check --explain`")


def _denied_command(home: Home, stand_ins: StandIns) -> list[str] | None:
    from safeshell_compiler import compile_rules  # noqa: PLC0415 # as above
    from safeshell_compiler.reading.words import split_words  # noqa: PLC0415 # as above
    from safeshell_compiler.rule_tests.run import collect  # noqa: PLC0415 # as above

    for test in collect(compile_rules(home.rules)):
        if test.expects != "match" or test.source.rule.action != "deny" or test.case.command is None:
            continue
        words = split_words(test.case.command, os.path.expanduser("~"))
        if words and words[0] in stand_ins.names and stand_ins.decision(words) == "deny":
            return words
    return None
