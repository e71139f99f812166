"""Probes of what is configured: the home, the rules, the daemon."""

from __future__ import annotations

import os

from safeshell import __version__
from safeshell.cli.probes.model import Probe
from safeshell.client import control
from safeshell.errors import SafeShellError, TableError
from safeshell.home.in_force import begin_reading
from safeshell.home.machine import REMEDY, PublishedReading, as_seen
from safeshell.home.paths import SYSTEM_RULES, SYSTEM_TABLES, Home, working_directory
from safeshell.home.repository_rules import find_rules
from safeshell.policy.store.records import is_as
from safeshell.protocol import Type


def probe_home(home: Home) -> Probe:
    """Is the home there, and the user's alone?"""
    try:
        home.check()
    except SafeShellError as error:
        return Probe("home", False, error.message, error.hint)
    return Probe("home", True, home.root)


def probe_rules(home: Home) -> Probe:
    """Do the rules compile, a repository's around the working directory too?"""
    try:
        home.check_rules()
    except SafeShellError as error:
        return Probe("rules", False, error.message, error.hint)
    from safeshell_compiler.publish import compile_home, compile_machine, compile_repository  # noqa: PLC0415 # heavy, and doctor's alone

    directory = working_directory()
    here = find_rules(os.fsencode(directory), os.fsencode(home.root)) if directory else ()
    layers = [compile_machine(), compile_home(home), *[compile_repository(os.fsdecode(rules)) for rules in here]]
    errors = [error for layer in layers if layer for error in layer.errors]
    if errors:
        first = errors[0]
        return Probe(
            "rules", False, f"{first.file}:{first.line}:{first.column}: {first.message}", "run `safeshell compile`"
        )
    return Probe("rules", True, f"{home.rules} compiles")


def probe_machine(home: Home) -> Probe | None:
    """Are the machine's rules, where there are some, those that root published?"""
    del home
    if not (os.path.lexists(SYSTEM_RULES) or os.path.lexists(SYSTEM_TABLES)):
        return None
    try:
        published = PublishedReading(SYSTEM_RULES).result()
    except TableError as error:
        return Probe("machine's rules", False, f"what was published is refused: {error.message}", error.hint or REMEDY)
    if published is None:
        return Probe("machine's rules", True, f"{SYSTEM_RULES}, compiled by each daemon: not published", REMEDY)
    if as_seen(published) is None:
        found = f"{SYSTEM_RULES} is newer than what was published, and compiled by each daemon for the time being"
        return Probe("machine's rules", True, found, REMEDY)
    return Probe("machine's rules", True, f"{SYSTEM_TABLES}, as {SYSTEM_RULES} says")


def probe_edits(home: Home) -> Probe:
    """Does an edit wait for a person?"""
    from safeshell.cli.daemon import describe_held  # noqa: PLC0415 # it imports what doctor may not need

    try:
        status = control(Type.STATUS, home=home)
    except SafeShellError as error:
        return Probe("edits", None, error.message)
    if status.get("held"):
        hint = "run `safeshell compile` at a terminal to confirm it, or take it back"
        return Probe("edits", False, describe_held(status["held"]), hint)
    seen = "an agent has run" if status["agents"] else "no agent has run"
    return Probe("edits", True, f"none waits for a person; {seen} since the rules were confirmed")


def probe_tables(home: Home) -> Probe:
    """Are the tables in force as their sources? A command has just been decided, which would have had them renewed."""
    try:
        found, _ = begin_reading(home).result()
    except TableError as error:
        return Probe("tables", False, error.message, error.hint)
    older = [
        path
        for current, _ in found.values()
        for path, state in current.watch.items()  # nothing for those that nobody published
        if not is_as(path, state)
    ]
    if older:
        return Probe("tables", False, f"what is in force is older than {older[0]}", "run `safeshell compile`")
    return Probe("tables", True, "as their sources")


def probe_repositories(home: Home) -> Probe | None:
    """Do the rules compile of the repository around, and of those that the daemon has met?"""
    met = {entry["rules"]: entry["error"] or "" for entry in control(Type.STATUS, home=home)["repositories"]}
    directory = working_directory()
    around = find_rules(os.fsencode(directory), os.fsencode(home.root)) if directory else ()
    # The daemon looks again when a command is about them: what was mended meanwhile, or is gone, is no failure.
    found = {rules: error for rules, error in met.items() if not error or os.path.lexists(rules)}
    for rules in dict.fromkeys([*map(os.fsdecode, around), *(rules for rules, error in found.items() if error)]):
        if _is_finding(found.get(rules) or " SS"):
            found[rules] = _error_of(rules)
    broken = [error for error in found.values() if error]
    if broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        return Probe(
            "repositories", False, f"{broken[0]}{more}", "mend them: `safeshell compile --check` there says more"
        )
    return Probe("repositories", True, f"{len(found)} with rules that compile") if found else None


def _is_finding(error: str) -> bool:
    """Whether it is the compiler's word about what stands in the file."""
    return " SS" in error


def _error_of(rules: str) -> str:
    from safeshell_compiler.publish import compile_repository  # noqa: PLC0415 # heavy, and doctor's alone

    errors = compile_repository(rules).errors
    return f"{errors[0].file}:{errors[0].line}:{errors[0].column}: {errors[0].message}" if errors else ""


def probe_daemon(home: Home) -> Probe:
    """Does the daemon run, with rules in force?"""
    try:
        status = control(Type.STATUS, home=home)
    except SafeShellError as error:
        return Probe("daemon", False, error.message, "run `safeshell daemon start`")
    if status["error"]:
        return Probe("daemon", False, f"the last good rules are in force: {status['error']}", "mend the rules")
    if status["table"] is None:
        return Probe("daemon", False, "no rules are in force", "run `safeshell compile`")
    if status["version"] != __version__:
        found = f"pid {status['pid']} is of version {status['version']}, this is {__version__}"
        return Probe("daemon", False, found, "run `safeshell daemon restart`")
    return Probe("daemon", True, f"pid {status['pid']}, table {status['table'][:12]}")
