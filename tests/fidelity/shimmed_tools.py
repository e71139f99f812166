"""A pytest plugin: what tests run finds the home whose shims are on PATH, though the tests themselves know no home."""

from __future__ import annotations

import os
import subprocess
from typing import Any

HOME = os.environ.get("SAFESHELL_HOME", "")
NOBODYS = "/nonexistent/safeshell-tests"
"""What tests/conftest.py sets."""


_popen: Any = subprocess.Popen
_start = _popen.__init__


def _start_behind_shims(process: Any, *arguments: Any, env: Any = None, **options: Any) -> None:
    """As `Popen` starts a program, but behind the shims, unless a test gave it a home of its own."""
    env = dict(os.environ if env is None else env)
    if env.get("SAFESHELL_HOME", NOBODYS) == NOBODYS:
        env |= {"SAFESHELL_HOME": HOME, "PATH": f"{HOME}/shims:{env.get('PATH', os.defpath)}"}
    _start(process, *arguments, env=env, **options)


def pytest_configure() -> None:
    _popen.__init__ = _start_behind_shims  # for the whole run: that is what the plugin is for
