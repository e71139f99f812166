"""What tests need that a machine may not have, and what is skipped for want of it.

    @pytest.mark.needs("bwrap")             # a program on PATH
    @pytest.mark.needs("nc|socat", "root")  # either of two; to be root
    need("sshd")                            # the same in the middle of a test or a fixture

The last lines of a run tell, program by program, how many tests were skipped and which package brings it.
`--skips FILE` holds a run to a list of skips, with their reasons; `--write-skips FILE` writes the list.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable

import pytest

ROOT = "root"

PACKAGES = {
    "ar": "binutils",
    "busybox": "busybox",
    "bwrap": "bubblewrap",
    "cc": "gcc",
    "clang": "clang",
    "curl": "curl",
    "doas": "doas",
    "docker": "docker-cli",
    "docker-compose": "docker-compose",
    "fish": "fish",
    "flock": "util-linux",
    "git": "git",
    "groff": "groff",
    "less": "less",
    "make": "make",
    "mount": "mount",
    "nc": "netcat-openbsd",
    "node": "nodejs",
    "npm": "npm",
    "pre-commit": "pre-commit",
    "script": "bsdutils",
    "setpriv": "util-linux",
    "shellcheck": "shellcheck",
    "socat": "socat",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "strace": "strace",
    "sudo": "sudo",
    "systemd-socket-activate": "systemd",
    "tmux": "tmux",
    "unshare": "util-linux",
    "valgrind": "valgrind",
    "vim": "vim",
    "zsh": "zsh",
}
"""Debian's package of each program that isn't on every machine."""

_WANTING = re.compile(r"needs (\S+)")


def why_not(*needs: str) -> str:
    """What of these is not here, as the reason of a skip, or ""."""
    missing = [need for need in needs if not _is_here(need)]
    return f"needs {' and '.join(missing)}" if missing else ""


def _is_here(need: str) -> bool:
    if need == ROOT:
        return os.geteuid() == 0
    return any(found(name) for name in need.split("|"))


def found(program: str) -> str | None:
    """Where a program is; those for administrators aren't on everybody's PATH."""
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def need(*needs: str) -> str:
    """Skips the test where one of these isn't here; returns where the first program is."""
    reason = why_not(*needs)
    if reason:
        pytest.skip(reason)
    return next((path for name in needs[0].split("|") if (path := found(name))), "")


def package_of(need: str) -> str:
    """What a person does to have it."""
    if need == ROOT:
        return "run as root"
    packages = [PACKAGES[name] for name in need.split("|") if name in PACKAGES]
    return f"apt-get install {packages[0]}" if packages else "?"


class Skips:
    """The skips of a run: a pytest plugin of the process that reports.

    Attributes:
        found: how often each (reason, test function) was skipped.
    """

    def __init__(self, expected: str | None, written: str | None) -> None:
        self._expected = expected
        self._written = written
        self.found: Counter[tuple[str, str]] = Counter()
        self._differences: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps a skip's reason."""
        if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            self.found[reason, report.nodeid.partition("[")[0]] += 1

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Compares with the list; a difference fails the run."""
        lines = _listed(self.found)
        if self._written:
            with open(self._written, "w", encoding="utf-8") as stream:
                stream.writelines(f"{line}\n" for line in lines)
        if self._expected:
            with open(self._expected, encoding="utf-8") as stream:
                expected = [line for line in stream.read().splitlines() if line and not line.startswith("#")]
            self._differences = [
                *(f"+ {line}" for line in lines if line not in expected),
                *(f"- {line}" for line in expected if line not in lines),
            ]
            if self._differences and session.exitstatus == 0:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Says what a machine with more on it would have tested."""
        say = terminalreporter.write_line
        if self._differences:
            terminalreporter.section(f"the skips are not those of {self._expected}")
            for line in self._differences:
                say(line)
        wanting: Counter[str] = Counter()
        for (reason, _), count in self.found.items():
            if match := _WANTING.match(reason):
                wanting[match[1]] += count
        if wanting:
            terminalreporter.section("skipped for want of")
            width = max(map(len, wanting))
            for name, count in sorted(wanting.items()):
                say(f"{name:{width}}  {count:4} {'test' if count == 1 else 'tests'}  ({package_of(name)})")


def _listed(found: Iterable[tuple[str, str]] | Counter[tuple[str, str]]) -> list[str]:
    counts = Counter(found)
    return sorted(f"{reason}: {test} x{count}" for (reason, test), count in counts.items())
