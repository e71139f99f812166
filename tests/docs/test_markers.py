"""The agents' markers in the clients and in the reference are those that the daemon knows."""

from __future__ import annotations

import subprocess
import sys

from codeblocks import ROOT


def test_s13_the_markers_are_the_same_everywhere() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "markers.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
