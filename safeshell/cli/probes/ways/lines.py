"""Ways past the shims that a line takes by itself: a path, an empty environment, a PATH of its own. Hooks see them."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Sequence

from safeshell.cli.agents_lines import AgentsLines
from safeshell.cli.probes.ways.model import TRY, Here, Way, try_way
from safeshell.errors import SafeShellError

PAST = "/usr/bin:/bin"
_UNSTATED = "no rule denies a line that a test of it states"


def line_ways(here: Here, agents: Sequence[Way], directory: str) -> Iterator[Way]:
    """Each of them: tried with the canary for the shims, and judged as a line of an agent's for the hooks.

    Args:
        here: where they are tried.
        agents: the agents, tried.
        directory: where a line is judged.
    """
    env = shutil.which("env", path=PAST) or "/usr/bin/env"
    by_path = TRY.replace("; env ", f"; {env} ")
    hooked = [one.way for one in agents if one.guarded]
    try:
        judge = AgentsLines(here.home, directory)
        denied = judge.denied()
    except SafeShellError:
        denied = None
    for way, argv, line in (
        ("absolute path", ["/bin/sh", "-c", by_path], denied and _by_path(denied)),
        ("env -i", [env, "-i", "/bin/sh", "-c", TRY], denied and f"{env} -i /bin/sh -c {shlex.quote(denied)}"),
        ("PATH=… in a line", ["/bin/sh", "-c", f"PATH={PAST}; {TRY}"], denied and f"PATH={PAST}; {denied}"),
    ):
        if try_way(here, argv, here.environment).guarded:
            yield Way(way, "line", True, "shims", found="it leads to the shims")
        elif not hooked:
            cover = "safeshell hook install --all" if any(one.cover for one in agents) else ""
            yield Way(way, "line", False, found="no shim sees it, and no agent asks a hook", cover=cover)
        elif line is None:
            yield Way(way, "line", None, found=f"no shim sees it; of hooks it can't be told: {_UNSTATED}")
        elif judge.decision(line) == "allow":
            yield Way(way, "line", False, found=f"no shim sees it, and hooks let `{line}` run")
        else:
            yield Way(way, "line", True, "hook", found=f"in lines of {', '.join(hooked)}; no shim sees it")


def _by_path(line: str) -> str | None:
    """A line whose command is named by its path; None where it isn't a plain one."""
    name, _, rest = line.partition(" ")
    program = shutil.which(name, path=PAST)
    return program and f"{program} {rest}"
