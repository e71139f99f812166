"""docs/demo.py plays its session, and says where it can't."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from codeblocks import ROOT
from harness import PATIENCE_S, temporary_directory, write

from safeshell.policy.context import KNOWN_MARKERS

sys.path.append(str(ROOT / "docs"))

from demo import RULES

DEMO = [sys.executable, str(ROOT / "docs/demo.py"), "--seconds", "0.1"]


@pytest.fixture
def directory() -> Iterator[Path]:
    """For the demo's temporary home; nothing is left in it, nor a process that names it."""
    with temporary_directory() as root:
        made = Path(root, "d é")
        made.mkdir()
        yield made
        assert list(made.iterdir()) == []


def start(directory: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*DEMO, *arguments],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(directory), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
        umask=0o002,
    )


def test_it_plays(directory: Path) -> None:
    """For an agent behind other shims too: it is told by its environment, and by that of what it descends from."""
    agent = start(directory, SAFESHELL_CONTEXT="ai", **dict.fromkeys(KNOWN_MARKERS, "1"))
    out, err = agent.communicate()
    assert (agent.returncode, err) == (0, "")
    shown = [
        "agent$ rm -rf /\nsafeshell: denied by rule rm-root",
        "[status 126]\nagent$ git push --force origin main\nsafeshell: denied by rule force-push",
        "agent$ git reset --hard HEAD~1\nsafeshell: rule reset-hard",
        "$ safeshell approvals approve 1\n1  git reset --hard ",
        "\nPIN: \napproved 1\n",
        "HEAD is now at",
        "agent$ rm report.txt\nsafeshell: redirected by rule rm-to-trash",
        "[status 1]\n",
        "agent$ cat report.txt\nA week's work\n",
        "agent$ echo / | xargs rm -rf\nsafeshell: denied by rule rm-root",
        "\nrm ended with 126, and the script goes on\n",
        "[approval 1 approved",
        "\n# What to do next\n",
    ]
    assert [part for part in shown if part not in out] == []
    assert re.search(r"`true`.* takes [0-9.]+ .s by itself; .* [0-9.-]+ .s more\n.* and [0-9.-]+ .s more where", out)
    assert "\033" not in out


BROKEN = {
    "compiles": ("action: redirect", "action: divert", "safeshell init"),
    "is denied": (", pack:files", "", "safeshell check -- rm -rf /"),
    "is stopped": ("pack:git, ", "", "git push --force origin main"),
    "is redirected": ("commands: [rm]", "commands: [unlink]", "rm report.txt"),
}
"""What a step shows that nothing does any more: what is changed in the rules, and the step."""


@pytest.mark.parametrize("what", BROKEN)
def test_it_fails_where_a_step_does(what: str, directory: Path, tmp_path: Path) -> None:
    good, bad, step = BROKEN[what]
    assert good in RULES
    write(str(tmp_path / "rules.yaml"), RULES.replace(good, bad))
    process = start(directory, "--rules", str(tmp_path / "rules.yaml"))
    out, err = process.communicate()
    assert process.returncode == 1, out
    assert err.startswith(f"\ndemo: failed at `{step}`: ")


@pytest.mark.parametrize("line", ["safeshell init", "agent$ git reset --hard HEAD~1", "# What a command costs here"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing(line: str, number: signal.Signals, directory: Path) -> None:
    process = start(directory)
    assert process.stdout is not None
    while line not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 128 + number
    assert err.startswith(f"\ndemo: ended by {number.name} at ")
