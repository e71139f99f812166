"""What is skipped is told, and held to a list: a run that skips more, or less, fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import needs
import pytest
from agents.agent import load

CONFTEST = f"""
import sys
sys.path.insert(0, {str(Path(needs.__file__).parent)!r})
from needs import Skips, add_options as pytest_addoption, need, pytest_runtest_setup
def pytest_configure(config):
    config.addinivalue_line("markers", "needs(program): what it needs")
    config.pluginmanager.register(Skips(config.getoption("--skips"), config.getoption("--write-skips")))
"""
TESTS = """
import pytest
from agents.agent import load
from needs import need
@pytest.mark.needs("sh")
def test_runs(): pass
@pytest.mark.needs("cc|sh", "no-such-program")
@pytest.mark.parametrize("n", [1, 2])
def test_marked(n): raise AssertionError("it was to be skipped before")
def test_midway(): need("no-such-program")
def test_else(): pytest.skip("it rains")
"""
LIST = """\
it rains: test_them.py::test_else x1
needs no-such-program: test_them.py::test_marked x2
needs no-such-program: test_them.py::test_midway x1
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(
        CONFTEST + 'import needs\nneeds.PACKAGES["no-such-program"] = "no-such-package"\n'
    )
    (tmp_path / "test_them.py").write_text(TESTS)
    return tmp_path


def run(project: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", str(project), *options]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", str(project)],
        cwd=project,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # they take longer than the tests
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_last_lines_tell(project: Path) -> None:
    status, said = run(project)
    assert status == 0
    *_, want, program, other, reason, _ = said.splitlines()
    assert "skipped for want of" in want
    assert program == "no-such-program     3 tests  (apt-get install no-such-package)"
    assert "skipped for other reasons" in other
    assert reason == "   1 test   it rains"


def test_a_list_is_written_and_held_to(project: Path) -> None:
    path = project / "skips.txt"
    assert run(project, f"--write-skips={path}")[0] == 0
    assert path.read_text() == LIST
    assert run(project, f"--skips={path}")[0] == 0


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (LIST.replace("x2", "x3"), "- needs no-such-program: test_them.py::test_marked x3"),
        (LIST.replace("it rains: test_them.py::test_else x1\n", ""), "+ it rains: test_them.py::test_else x1"),
        (LIST + "it snows: test_them.py::test_else x1\n", "- it snows: test_them.py::test_else x1"),
    ],
)
def test_another_skip_fails_the_run(project: Path, listed: str, told: str) -> None:
    path = project / "skips.txt"
    path.write_text(listed)
    status, said = run(project, f"--skips={path}")
    assert status == 1
    assert told in said.splitlines()


def test_what_may_be_skipped_may_also_run(project: Path) -> None:
    path = project / "skips.txt"
    path.write_text("# why\n" + LIST.replace("it rains", "? it rains") + "? it snows: test_them.py::test_else x1\n")
    assert run(project, f"--skips={path}")[0] == 0


def test_a_program_without_a_package_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="PACKAGES doesn't say what brings no-such-program"):
        needs.need("no-such-program")


def test_a_commit_is_needed_by_its_name() -> None:
    assert needs.why_not("commit:HEAD") == ""
    assert needs.why_not("commit:no-such-commit") == "needs commit:no-such-commit"
    assert needs.remedy("commit:no-such-commit") == "git fetch --unshallow"


def test_an_agent_is_here_in_the_version_that_is_tested(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert needs.why_not("agent:codex") == "needs agent:codex"
    assert needs.remedy("agent:codex") == "make agents"
    for version, told in ("0.0", ""), ("newest", "needs agent:codex"):
        path = Path(load("codex", "0.0").path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o755)
        monkeypatch.setenv("AGENTS_VERSION", version)
        assert needs.why_not("agent:codex") == told
