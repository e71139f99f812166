"""Whether an agent may have run since a person last put the rules in force.

Told by a file that is there as long as none was seen: taking it away needs neither room on the disk nor a whole write,
and where it can't be told, one may have run.
"""

from __future__ import annotations

import contextlib
import os

from safeshell.home.paths import Home
from safeshell.home.writing import write_atomically


def agent_seen(home: Home) -> bool:
    """Whether one may have run."""
    return not os.path.exists(home.no_agent)


def note_agent(home: Home) -> None:
    """Takes down that one runs."""
    with contextlib.suppress(OSError):  # it is gone already, or nothing here can be changed
        os.unlink(home.no_agent)


def begin_without_agents(home: Home) -> None:
    """A person has put the rules in force: from now on the next agent is the first."""
    with contextlib.suppress(OSError):  # then one may have run, as before
        write_atomically(home.no_agent, b"no agent was seen since a person put the rules in force\n", 0o600)
