"""The corpus of evasions and harmless look-alikes: how many are caught or falsely blocked, each failure by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

import pytest
from corpus.corpus import RULES, USER, Entry, entries
from harness import Cli, Ran, safeshell

from safeshell.paths import Home

CAUGHT_LEAST = 0.98
BLOCKED_MOST = 0.01
STATUS = {"allow": 0, "deny": 3, "require_approval": 4}
"""The exit status of each decision, as `check --help` and the documentation have them."""

Failures = list[tuple[Entry, str]]
Check = Callable[..., str]

with open(RULES, encoding="utf-8") as stream:
    pytestmark = pytest.mark.rules(stream.read())


def outcome(ran: Ran) -> str:
    """The decision's word that was printed; `deferred` where it is left to a shim."""
    answer = json.loads(ran.out)
    word: str = answer["decision"]
    assert ran.status == STATUS[word]
    return "deferred" if word == "allow" and any(one["deferred"] for one in answer["commands"]) else word


@pytest.fixture
def check(cli: Cli) -> Check:
    """What `safeshell check -c` says of a line of the corpus."""

    def ask(entry: Entry, *options: str) -> str:
        stated = ["--branch", entry.branch] if entry.branch else []
        asker = ["--context", "ai", "--env", f"HOME={USER}"]
        return outcome(cli("check", *asker, "--json", *stated, *options, "-c", entry.line))

    return ask


def failures(asked: Iterable[Entry], answer: Callable[[Entry], str], expected: Sequence[str] = ()) -> Failures:
    """Those lines that come to something else."""
    found = [(entry, answer(entry)) for entry in asked]
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
    found = failures(asked, check)
    assert len(found) <= (1 - CAUGHT_LEAST) * len(asked), listed(found)


def test_what_only_the_run_can_tell_is_left_to_it(check: Check) -> None:
    asked = [entry for entry in entries() if entry.expect == "deferred"]
    found = failures(asked, check)
    assert not found, listed(found)
    found = failures(asked, lambda entry: check(entry, "--no-shims"), ["require_approval"])
    assert not found, listed(found)


def test_the_harmless_are_let_through(check: Check) -> None:
    asked = [entry for entry in entries() if entry.harmless]
    found = failures(asked, check, ["allow", "deferred"])
    assert len(found) <= BLOCKED_MOST * len(asked), listed(found)


@pytest.mark.parametrize(("line", "status"), [("cd / && rm -rf /etc", 3), ("git commit -m 'rm -rf /'", 0)])
def test_the_installed_command_says_the_same(home: Home, line: str, status: int) -> None:
    done = safeshell(home, "check", "--context", "ai", "--json", "-c", line)
    answer = json.loads(done.stdout)
    assert done.returncode == status
    assert len(answer["commands"]) == line.count("&&") + 1
    assert answer["subject"] == answer["commands"][-1]["subject"]
