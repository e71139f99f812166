from __future__ import annotations
from harness import run, Daemon, safeshell
from safeshell.paths import Home

def test_a(daemon: Daemon, shims: Home) -> None:
    print(run(shims, "echo", "hi"))
    print(run(shims, "rm", "precious"))
    print(safeshell(shims, "daemon", "status"))
    print(daemon.status())
    assert 0
