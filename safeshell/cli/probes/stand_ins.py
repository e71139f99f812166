"""Stand-ins for shimmed programs: harmless, whatever a probe runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from typing import Self

from safeshell.client import evaluate
from safeshell.home.paths import Home


class StandIns:
    """A directory with a harmless program under each shimmed name: the only thing a probe could run by mistake.

    Attributes:
        directory: it.
        environment: what probes are run with: the shims first on PATH, the stand-ins behind them, context `ai`.
        denied: a command that the rules deny, once it has been looked for.
    """

    def __init__(self, home: Home, names: Sequence[str]) -> None:
        self._made = tempfile.TemporaryDirectory(prefix="safeshell-doctor-")
        self.directory = self._made.name
        self.names = names
        self.environment = {
            "PATH": f"{home.shims}:{self.directory}",
            "HOME": os.path.expanduser("~"),
            "SAFESHELL_HOME": home.root,
            "SAFESHELL_CONTEXT": "ai",
        }
        self.shims = home.shims
        self._home = home
        self.denied: list[str] | None = None

    def __enter__(self) -> Self:
        true = shutil.which("true", path="/usr/bin:/bin") or "/bin/true"
        for name in self.names:
            shutil.copy(true, self.native(name))
        return self

    def __exit__(self, *_: object) -> None:
        self._made.cleanup()

    def native(self, name: str) -> str:
        """The stand-in of a name."""
        return os.path.join(self.directory, name)

    def shim(self, name: str) -> str:
        """The shim of a name."""
        return os.path.join(self.shims, name)

    def decision(self, words: Sequence[str]) -> str:
        """What the daemon decides about a command of them."""
        found: str = evaluate(words, env=self.environment, home=self._home)["decision"]
        return found
