"""Examination of an installation: every probe, in order."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from safeshell.cli.probes.aside import aside
from safeshell.cli.probes.canary import probe_canary, probe_shim
from safeshell.cli.probes.configuration import (
    probe_daemon,
    probe_edits,
    probe_home,
    probe_machine,
    probe_repositories,
    probe_rules,
    probe_tables,
)
from safeshell.cli.probes.confinement import probe_confinement
from safeshell.cli.probes.cost import probe_cost
from safeshell.cli.probes.model import Probe
from safeshell.cli.probes.services import probe_lines, probe_services
from safeshell.cli.probes.shims import probe_client
from safeshell.cli.probes.stand_ins import StandIns
from safeshell.client import control
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.install.shims import lacking, list_shims, sync
from safeshell.protocol import Type


def examine(home: Home) -> Iterator[Probe]:
    """Runs every probe, each as soon as it is asked for; the later ones need what the earlier ones found."""
    for probe in (probe_home, probe_rules, probe_machine, probe_daemon):
        found = probe(home)
        if found is None:
            continue
        yield found
        if found.ok is False:
            return
    yield probe_edits(home)
    repositories = probe_repositories(home)
    if repositories is not None:
        yield repositories
    yield probe_confinement(home)
    names = list_shims(home)
    yield probe_client(home, names)
    if names:
        yield probe_shim(home)  # then the daemon has looked whether the rules are as their files
        yield probe_tables(home)
        # What is decided in a repository isn't what is decided elsewhere.
        with _at_root():
            yield from _measure(home, names)
    with _at_root():
        yield probe_lines(home)
    yield from probe_services(home, control(Type.STATUS, home=home))


def _measure(home: Home, names: list[str]) -> Iterator[Probe]:
    """Denials and costs, of a guard beside this one."""
    with contextlib.suppress(SafeShellError):  # a probe has said so
        names = [*names, *lacking(home)]
    try:
        with aside(home) as beside, StandIns(beside, names) as stand_ins:
            sync(beside, by_hand=False, seen=[stand_ins.directory])
            stand_ins.names = list_shims(beside)
            yield probe_canary(beside, stand_ins)
            yield from probe_cost(stand_ins)
    except SafeShellError as error:
        yield Probe("cost", None, f"it can't be measured: {error.message}", error.hint)


@contextlib.contextmanager
def _at_root() -> Iterator[None]:
    """The working directory is `/` in the block; afterwards it is what it was, though that may have been removed."""
    before = os.open(".", os.O_PATH | os.O_CLOEXEC)
    os.chdir("/")
    try:
        yield
    finally:
        os.fchdir(before)
        os.close(before)
