from __future__ import annotations

import subprocess
import sys

HEAVY = (
    *("pydantic", "yaml", "click", "asyncio", "tree_sitter", "lmdb", "multiprocessing", "safeshell_compiler"),
    "hashlib",  # loads OpenSSL: 3 ms of the start
    *("dataclasses", "inspect"),  # 7 ms, and 0.5 for each class
    "ctypes",
    "wcwidth",
)


def test_the_daemon_imports_nothing_heavy() -> None:
    program = (
        "import sys, safeshell.daemon.__main__, safeshell.daemon.start, safeshell.daemon.server;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
