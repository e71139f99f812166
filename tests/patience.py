"""How long tests wait on a busy machine, and the daemon that does so, too."""

from __future__ import annotations

import compilers

from safeshell.shell.isolated import judge_apart
from safeshell.shell.limits import Deadline

PATIENCE_S = 20.0
"""How long a test waits for what takes milliseconds, before it calls it broken."""

LINE_S = 1.0
"""Seconds of processor time that a line has in tests: of the users' limit the first line of a process, with each
automaton cold, may take all on a busy machine."""

_WORKER = f"""
from safeshell.shell import limits, worker
limits.Deadline.__init__.__defaults__ = ({LINE_S},)
worker.main()
"""

PATIENT = f"""
{compilers.PROGRAM}
import sys
from safeshell.daemon.sources import edit_watch, line_service, policy_source, shim_upkeep
from safeshell.daemon.__main__ import main
from safeshell.home.paths import Home
policy_source.WAIT_S = {PATIENCE_S}
worker = (sys.executable, "-I", "-X", "utf8", "-c", {_WORKER!r}, Home.find().root)
line_service.Lines.__init__.__defaults__ = (worker, {PATIENCE_S})
soon = 0.05 if "--shims" in sys.argv else 1e6
edit_watch.START_S = shim_upkeep.START_S = shim_upkeep.SETTLE_S = shim_upkeep.QUIET_S = soon
sys.exit(main())
"""
"""A daemon whose commands wait for an edit as long as a test would: on a busy machine compiling it takes seconds. Its
lines have more time, too (`give_lines_time`).

It lets the shims alone unless it is told `--shims`, and notices no edit by itself: either takes a process, in each of a
thousand tests.
"""


def give_lines_time() -> None:
    """Has this process judge lines for longer than users would wait, by the processor's clock and by the wall's."""
    Deadline.__init__.__defaults__ = (LINE_S,)
    assert judge_apart.__kwdefaults__ is not None
    judge_apart.__kwdefaults__["limit_s"] = PATIENCE_S
