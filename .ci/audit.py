"""Looks up each version that a lock names, for every system and Python, among known vulnerabilities.

    python .ci/audit.py requirements.txt [OPTION-OF-PIP-AUDIT ...]

Exits with 1 where one is vulnerable, and where one could not be looked up. pip-audit alone leaves out what a marker
keeps from this machine, and takes one version of a name.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile

PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)


def main() -> int:
    """Audits the pins in as many rounds as one name has versions; returns the exit status."""
    lock, *options = sys.argv[1:]
    with open(lock, encoding="utf-8") as stream:
        waiting = set(PIN.findall(stream.read()))
    if not waiting:
        sys.exit(f"audit: {lock} names no version")
    failed, missed = False, set(waiting)
    while waiting:
        batch = dict(sorted(waiting))
        waiting -= set(batch.items())
        status, looked_up = _look_up(batch, options)
        failed |= status != 0
        missed -= looked_up
    for name, version in sorted(missed):
        print(f"audit: {name} {version} was not looked up")
    return 1 if failed or missed else 0


def _look_up(batch: dict[str, str], options: list[str]) -> tuple[int, set[tuple[str, str]]]:
    """pip-audit's exit status, and what it has an answer about."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as pins:
        pins.writelines(f"{name}=={version}\n" for name, version in sorted(batch.items()))
        pins.flush()
        command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "-f", "json", "-r", pins.name]
        done = subprocess.run([*command, *options], stdout=subprocess.PIPE, text=True, check=False)
    if not done.stdout:
        return done.returncode or 1, set()
    found = json.loads(done.stdout)["dependencies"]
    for entry in found:
        for vulnerability in entry.get("vulns", ()):
            print(f"audit: {entry['name']} {entry['version']}: {vulnerability['id']}")
    return done.returncode, {(entry["name"], entry["version"]) for entry in found if "vulns" in entry}


if __name__ == "__main__":
    sys.exit(main())
