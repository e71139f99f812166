"""Probe of a command that the rules deny: run through its shim."""

from __future__ import annotations

import os
import subprocess

from safeshell.cli.probes.model import Probe
from safeshell.cli.probes.stand_ins import StandIns
from safeshell.home.paths import Home


def probe_canary(home: Home, stand_ins: StandIns) -> Probe:
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
