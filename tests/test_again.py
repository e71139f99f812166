"""A failed test is repeated alone where `--again` says so: what passes then is told and doesn't fail the run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import again
import pytest

CONFTEST = f"""
import sys
sys.path.insert(0, {str(Path(again.__file__).parent)!r})
import again, needs
def pytest_addoption(parser):
    again.add_option(parser)
    needs.add_options(parser)
def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        # As in the suite's own conftest, and the other way round: the order must not matter.
        config.pluginmanager.register(needs.Skips(config.getoption("--skips"), None))
        if config.getoption("--again"):
            config.pluginmanager.register(again.Again(config))
"""

HELPERS = """
import os, pytest
def once(name):  # fails in the process that is the first to come here
    try:
        os.close(os.open(name, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    raise AssertionError(f"first time {name}")
"""

FLAKY = """
@pytest.mark.parametrize("word", ["é b::c[d]"])
def test_flaky(word): once("flaky")
"""

SETUP = """
@pytest.fixture
def ready(): once("made")
def test_ready(ready): pass
"""

BROKEN = """
def test_broken(): raise AssertionError("for good")
"""

SKIPPED = """
def test_skipped(): pytest.skip("it rains")
"""


def run(project: Path, text: str, *options: str, workers: bool = False) -> tuple[int, list[str]]:
    """The status and the lines of a run of these tests."""
    (project / "conftest.py").write_text(CONFTEST)
    (project / "test_them.py").write_text(HELPERS + text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", str(project), *options]
    command += ["-p", "xdist", "-n", "2"] if workers else []
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # they take longer than the tests
    if workers:
        env["PYTEST_PLUGINS"] = "xdist"
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", str(project)],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def has(lines: list[str], text: str) -> bool:
    return any(text in line for line in lines)


def test_a_failure_fails_a_plain_run(tmp_path: Path) -> None:
    status, lines = run(tmp_path, FLAKY)
    assert status == 1
    assert has(lines, "1 failed")
    assert not has(lines, "flaky:")


@pytest.mark.parametrize("workers", [False, True])
def test_what_passes_alone_is_told_and_passes(tmp_path: Path, workers: bool) -> None:
    status, lines = run(tmp_path, FLAKY + SETUP + "def test_fine(): pass", "--again", workers=workers)
    assert status == 0, lines
    told = next(number for number, line in enumerate(lines) if "flaky: failed once, passed alone" in line)
    assert has(lines[told:], "test_them.py::test_flaky[\\xe9 b::c[d]] (call)")
    assert has(lines[told:], "AssertionError: first time flaky")
    assert has(lines[told:], "test_them.py::test_ready (setup)")
    assert not has(lines[:told], "AssertionError")  # said once
    assert "2 flaky" in lines[-1]
    assert "1 passed" in lines[-1]
    assert "failed" not in lines[-1]


def test_what_fails_twice_fails_the_run(tmp_path: Path) -> None:
    status, lines = run(tmp_path, FLAKY + BROKEN, "--again")
    assert status == 1
    assert has(lines, "failed alone, too: test_them.py::test_broken")
    assert "1 failed, 1 flaky" in lines[-1]


def test_what_is_skipped_alone_did_not_pass(tmp_path: Path) -> None:
    text = """
def test_either():
    try:
        once("either")
    finally:
        if os.path.exists("second"): pytest.skip("it rains")
        open("second", "w").close()
"""
    status, lines = run(tmp_path, text, "--again")
    assert status == 1
    assert has(lines, "failed alone, too: test_them.py::test_either")


def test_many_failures_are_no_accident(tmp_path: Path) -> None:
    text = "@pytest.mark.parametrize('n', range(4))\ndef test_many(n): once(str(n))"
    status, lines = run(tmp_path, text, "--again")
    assert status == 1
    assert has(lines, "nothing was repeated: 4 tests failed, more than 3")
    assert "4 failed" in lines[-1]


def test_a_worker_that_died_is_no_accident(tmp_path: Path) -> None:
    status, lines = run(
        tmp_path,
        "def test_dies():\n    if not os.path.exists('x'): open('x', 'w'); os._exit(9)",
        "--again",
        workers=True,
    )
    assert status == 1
    assert has(lines, "nothing was repeated: test_them.py::test_dies took its worker down")


def test_what_cannot_be_collected_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "test_others.py").write_text("import no_such_module")
    status, lines = run(tmp_path, FLAKY, "--again", "--continue-on-collection-errors")
    assert status == 1
    assert has(lines, "nothing was repeated: test_others.py could not be collected")


def test_the_list_of_skips_holds_as_ever(tmp_path: Path) -> None:
    listed = tmp_path / "skips.txt"
    listed.write_text("it rains: test_them.py::test_skipped x1\n")
    assert run(tmp_path, FLAKY + SKIPPED, "--again", f"--skips={listed}")[0] == 0
    (tmp_path / "flaky").unlink()
    listed.write_text("it snows: test_them.py::test_skipped x1\n")
    status, lines = run(tmp_path, FLAKY + SKIPPED, "--again", f"--skips={listed}")
    assert status == 1
    assert has(lines, "flaky: failed once, passed alone")
    assert "+ it rains: test_them.py::test_skipped x1" in lines
