"""Examination of an installation: every probe, in order."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from safeshell.cli.probes.canary import probe_canary
from safeshell.cli.probes.configuration import probe_daemon, probe_home, probe_machine, probe_rules
from safeshell.cli.probes.cost import probe_cost
from safeshell.cli.probes.model import Probe
from safeshell.cli.probes.shims import probe_client, probe_path
from safeshell.cli.probes.stand_ins import StandIns
from safeshell.home.paths import Home
from safeshell.install.shims import list_shims


def examine(home: Home) -> Iterator[Probe]:
    """Runs every probe, each as soon as it is asked for; the later ones need what the earlier ones found."""
    for probe in (probe_home, probe_rules, probe_machine, probe_daemon):
        found = probe(home)
        if found is None:
            continue
        yield found
        if found.ok is False:
            return
    names = list_shims(home)
    yield probe_client(home, names)
    yield probe_path(home, names)
    if names:
        # What is decided in a repository isn't what is decided elsewhere.
        with StandIns(home, names) as stand_ins, contextlib.chdir("/"):
            yield probe_canary(home, stand_ins)
            yield from probe_cost(stand_ins)
