"""`make test-pythons`: the whole suite under each Python from 3.11 that starts here.

Looks for `python3.N` on PATH and below `~/.pyenv/versions`; PYTHONS, words in the environment, names others instead.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
FEWEST = 2
"""One Python alone shows nothing that `make test` doesn't."""


def main() -> int:
    """Names every interpreter, then runs the tests under one of each version; returns 1 where any failed."""
    found: dict[tuple[int, int], str] = {}
    for path in _named() or _candidates():
        version = _version(path)
        if version is None:
            print(f"{path}: does not start, or has no venv")
        elif version < OLDEST:
            print(f"{path}: {_shown(version)}, older than {_shown(OLDEST)}")
        else:
            print(f"{path}: {_shown(version)}" + (", there already" if version in found else ""))
            found.setdefault(version, path)
    if len(found) < FEWEST:
        print(f'found {len(found)} to test with, expected {FEWEST} or more: name some, PYTHONS="/path/python3.12 …"')
        return 1
    failed = [version for version, path in sorted(found.items()) if not _passes(version, path)]
    for version, path in sorted(found.items()):
        print(f"{_shown(version)} ({path}): {'failed' if version in failed else 'passed'}")
    return 1 if failed else 0


def _named() -> list[str]:
    return [shutil.which(name) or name for name in os.environ.get("PYTHONS", "").split()]


def _candidates() -> list[str]:
    names = [f"python3.{minor}" for minor in range(OLDEST[1], OLDEST[1] + 20)]
    on_path = [os.path.join(directory, name) for name in names for directory in os.get_exec_path()]
    pyenv = sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python3")))
    return [path for path in (*on_path, *pyenv) if os.access(path, os.X_OK)]


def _version(path: str) -> tuple[int, int] | None:
    """Which Python it is, or None where it doesn't start (pyenv's shims of versions that aren't chosen don't)."""
    command = [path, "-I", "-c", "import sys, venv, ensurepip; print(*sys.version_info[:2])"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        return None
    return int(shown[0]), int(shown[1])


def _passes(version: tuple[int, int], path: str) -> bool:
    print(f"\n== Python {_shown(version)}: {path}", flush=True)
    command = ["make", "test", f"PYTHON={path}", f"VENV=.venv-{_shown(version)}"]
    return subprocess.run(command, check=False).returncode == 0


def _shown(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


if __name__ == "__main__":
    sys.exit(main())
