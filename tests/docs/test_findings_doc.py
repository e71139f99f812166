"""docs/findings.md is what `make docs` makes of the compiler's codes."""

from __future__ import annotations

import subprocess
import sys

from codeblocks import ROOT


def test_the_reference_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "findings.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
