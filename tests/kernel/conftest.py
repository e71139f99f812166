"""Trees of the kernel tier, each with a home and a daemon of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import PATIENCE_S, Daemon, safeshell
from needs import need

from safeshell.home.paths import Home
from safeshell.install.native import native_keeper

Strict = Callable[..., subprocess.CompletedProcess[str]]
"""Runs a script of sh in the kernel tier: `strict(script)`, or `strict(script, shell="bash")`."""


@pytest.fixture(scope="session")
def keeper() -> str:
    """The keeper's program; the test is skipped where the kernel lets nobody listen."""
    path = native_keeper()
    if path is None:
        need("cc")
    # No home, no daemon: nothing runs. What it says tells whether it got so far as to ask.
    asked = subprocess.run(
        [str(path), "/bin/true", "true"],
        env={"SAFESHELL_HOME": "/nonexistent/safeshell-tests"},
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    if b"can't listen" in asked.stderr:
        pytest.skip("needs to be let listen for the programs that are begun")
    return str(path)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a copy of touch, under another name."""
    touch = shutil.which("touch")
    assert touch
    shutil.copyfile(os.path.realpath(touch), tmp_path / "deed")
    (tmp_path / "deed").chmod(0o755)
    return tmp_path


@pytest.fixture
def strict(keeper: str, daemon: Daemon, shims: Home, place: Path) -> Strict:
    """In the directory of `deed`, which is on PATH."""
    assert keeper
    assert daemon.pid
    where = str(place)

    def run(script: str, *words: str, shell: str = "sh", **more: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": f"{os.environ['PATH']}:{where}", "DEED": f"{where}/deed", "MARK": f"{where}/mark", **more}
        return safeshell(shims, "run", "--strict", "--", shell, "-c", script, shell, *words, env=env, cwd=where)

    return run
