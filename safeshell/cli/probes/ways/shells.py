"""Ways in by shells: a line, a login shell's, an interactive one's."""

from __future__ import annotations

import os
import pwd
import shutil
from concurrent.futures import ThreadPoolExecutor

from safeshell.cli.probes.ways.model import TRY, Here, Way, by_shims, try_way
from safeshell.install.activation import written_for
from safeshell.install.startup import guards_shells

SET_UP = "safeshell init --shell"
MODES = ("-c", "-lc", "-ic", "-lic")


def shell_ways(here: Here) -> list[Way]:
    """The user's shell in each way that it is started, and what else agents run lines by."""
    shell = os.environ.get("SHELL") or pwd.getpwuid(os.geteuid()).pw_shell or "/bin/sh"
    asked = [(shell, mode) for mode in MODES]
    if os.path.basename(shell) != "bash" and (bash := shutil.which("bash")):
        asked.append((bash, "-lc"))
    if os.path.basename(shell) != "sh":
        asked.append(("/bin/sh", "-lc"))
    with ThreadPoolExecutor(4) as pool:  # start-up files take their time
        return list(pool.map(lambda each: _way(here, *each), asked))


def _way(here: Here, shell: str, mode: str) -> Way:
    """One: `-c` as it is started from here, the others as a new terminal would, for their files are to set PATH."""
    kind = os.path.basename(shell)
    guarding = guards_shells(here.home, here.environment, kind)
    inherits = mode == "-c" or guarding
    tried = try_way(here, [shell, mode, TRY], here.environment if inherits else here.fresh)
    written = written_for(here.home, kind)
    is_set_up = here.is_behind_shims if mode == "-c" else written or (guarding and (kind != "bash" or "i" not in mode))
    cover = f"exec {shell} -l" if mode == "-c" and written else SET_UP
    return by_shims(f"{kind} {mode}", "shell", tried, is_set_up, cover)
