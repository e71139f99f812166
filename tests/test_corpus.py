"""The corpus of evasions and harmless look-alikes: how many are caught or falsely blocked, each failure by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest
from corpus.corpus import HERE, RULES, USER, Entry, entries
from harness import PATH, Ran, environment, safeshell

from safeshell.home.paths import Home

CAUGHT_LEAST = 0.98
BLOCKED_MOST = 0.01
STATUS = {"allow": 0, "deny": 3, "require_approval": 4}
"""The exit status of each decision, as `check --help` and the documentation have them."""

Failures = list[tuple[Entry, str]]
Check = Callable[..., list[str]]

with open(RULES, encoding="utf-8") as stream:
    pytestmark = pytest.mark.rules(stream.read())


def outcome(ran: Ran) -> str:
    """The decision's word that was printed; `deferred` where it is left to a shim."""
    answer = json.loads(ran.out)
    word: str = answer["decision"]
    assert ran.status == STATUS[word]
    return "deferred" if word == "allow" and any(one["deferred"] for one in answer["commands"]) else word


@pytest.fixture
def check(home: Home) -> Check:
    """What `safeshell check -c` says of lines of the corpus."""

    def ask(asked: Sequence[Entry], *options: str) -> list[str]:
        asker = ["--context", "ai", "--env", f"HOME={USER}"]
        stated = [["--branch", entry.branch] if entry.branch else [] for entry in asked]
        done = subprocess.run(
            [sys.executable, "-I", os.path.join(HERE, "ask.py")],
            input=json.dumps(
                [
                    ["check", *asker, "--json", *branch, *options, "-c", entry.line]
                    for entry, branch in zip(asked, stated, strict=True)
                ]
            ),
            env={**environment(home), "PATH": PATH},
            cwd=home.root,
            capture_output=True,
            text=True,
            check=True,
        )
        return [outcome(Ran(*answer)) for answer in json.loads(done.stdout)]

    return ask


def failures(asked: Sequence[Entry], answers: Sequence[str], expected: Sequence[str] = ()) -> Failures:
    """Those lines that come to something else."""
    found = zip(asked, answers, strict=True)
    return [(entry, word) for entry, word in found if word not in (expected or [entry.expect])]


def listed(found: Failures) -> str:
    """The failures by name."""
    return "\n".join(f"  {entry.name}: {word}, expected {entry.expect}" for entry, word in found)


def test_the_corpus_is_what_it_says() -> None:
    found = entries()
    assert len(found) >= 300
    assert len({(entry.line, entry.branch) for entry in found}) == len(found)
    assert {entry.expect for entry in found} == {"deny", "require_approval", "allow", "deferred"}


def test_evasions_are_caught(check: Check) -> None:
    asked = [entry for entry in entries() if entry.expect in ("deny", "require_approval")]
    found = failures(asked, check(asked))
    assert len(found) <= (1 - CAUGHT_LEAST) * len(asked), listed(found)


def test_what_only_the_run_can_tell_is_left_to_it(check: Check) -> None:
    asked = [entry for entry in entries() if entry.expect == "deferred"]
    found = failures(asked, check(asked))
    assert not found, listed(found)
    found = failures(asked, check(asked, "--no-shims"), ["require_approval"])
    assert not found, listed(found)


def test_the_harmless_are_let_through(check: Check) -> None:
    asked = [entry for entry in entries() if entry.harmless]
    found = failures(asked, check(asked), ["allow", "deferred"])
    assert len(found) <= BLOCKED_MOST * len(asked), listed(found)


@pytest.mark.parametrize(("line", "status"), [("cd / && rm -rf /etc", 3), ("git commit -m 'rm -rf /'", 0)])
def test_the_installed_command_says_the_same(home: Home, line: str, status: int) -> None:
    done = safeshell(home, "check", "--context", "ai", "--json", "-c", line)
    answer = json.loads(done.stdout)
    assert done.returncode == status
    assert len(answer["commands"]) == line.count("&&") + 1
    assert answer["subject"] == answer["commands"][-1]["subject"]
