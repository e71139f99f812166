"""A second look at what failed: `--again` repeats each failed test once, alone, in a fresh interpreter.

Thousands of tests with real processes fail once in a while on a busy machine for nothing that a change did. One that
passes alone doesn't fail the run; the last lines name it as flaky, with how it failed. Nothing is repeated where more
than MOST tests failed, where tests could not be collected, and where a test took its worker down.

For the gate only: whoever changes something should see each failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

MOST = 3
"""Failed tests that a run may have and pass."""

_CRASHED = "???"
"""The phase that xdist says of a test whose worker died."""


def add_option(parser: pytest.Parser) -> None:
    """The option that asks for a second look."""
    parser.addoption(
        "--again",
        action="store_true",
        help=f"repeat up to {MOST} failed tests alone; those that pass don't fail the run and are named as flaky",
    )


class Again:
    """The second look: a pytest plugin of the process that reports.

    Attributes:
        flaky: how each test failed that passed alone, by its node id.
        twice: what pytest said of each that failed alone too.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._failed: dict[str, pytest.TestReport] = {}
        self._why_not = ""
        self.flaky: dict[str, pytest.TestReport] = {}
        self.twice: dict[str, str] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Nobody knows which tests are in what can't be collected."""
        if report.failed:
            self._why_not = f"{report.nodeid} could not be collected"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps how a test failed first."""
        if report.failed:
            self._failed.setdefault(report.nodeid, report)
            if report.when == _CRASHED:
                self._why_not = f"{report.nodeid} took its worker down"

    # First: the list of skips is compared only in a run that passed.
    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Repeats what failed, and lets the run pass where all of it passes."""
        if session.exitstatus != pytest.ExitCode.TESTS_FAILED or not self._failed:
            return
        if len(self._failed) > MOST:
            self._why_not = f"{len(self._failed)} tests failed, more than {MOST}"
        if self._why_not:
            return
        for test, report in self._failed.items():
            passed, said = _repeat(self._config, test)
            if passed:
                self.flaky[test] = report
            else:
                self.twice[test] = said
        if not self.twice:
            session.exitstatus = pytest.ExitCode.OK

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
        """Counts flaky tests as such, and says how each failed."""
        for outcome in ("failed", "error"):
            reports = terminalreporter.stats.pop(outcome, [])
            left = [report for report in reports if report.nodeid not in self.flaky]
            if left:
                terminalreporter.stats[outcome] = left
        if self.flaky:
            terminalreporter.stats["flaky"] = list(self.flaky.values())
        yield
        terminalreporter.ensure_newline()
        if self._why_not:
            terminalreporter.section(f"nothing was repeated: {self._why_not}")
        if self.flaky:
            terminalreporter.section("flaky: failed once, passed alone")
        for test, report in self.flaky.items():
            terminalreporter.section(f"{test} ({report.when})", sep="_")
            report.toterminal(terminalreporter._tw)
        for test, said in self.twice.items():
            terminalreporter.section(f"failed alone, too: {test}")
            terminalreporter.line(said)


def _repeat(config: pytest.Config, test: str) -> tuple[bool, str]:
    """Whether a test, by its node id, passes in a process of its own, and what pytest says there."""
    settings = ["-c", str(config.inipath)] if config.inipath else []
    alone = ["-n", "0"] if config.pluginmanager.hasplugin("xdist") else []
    with tempfile.TemporaryDirectory() as directory:
        results = os.path.join(directory, "results.xml")
        command = [sys.executable, "-m", "pytest", *settings, "--rootdir", str(config.rootpath), *alone]
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider", f"--junitxml={results}", test],
            cwd=config.rootpath,  # which node ids are relative to
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        return done.returncode == 0 and _ran_one(results), done.stdout


def _ran_one(results: str) -> bool:
    """Whether a file of JUnit results tells of one test, which was not skipped."""
    suites = list(ET.parse(results).iter("testsuite"))
    return sum(int(suite.get("tests", 0)) - int(suite.get("skipped", 0)) for suite in suites) == 1
