"""The corpora of shell lines, held against the judge: what must not be asked about, and what must be seen."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence

import pytest
from corpus.lines.entries import Guarded, covers, guarded, harmless, lists
from corpus.lines.measure import Measure, Wrong, measuring
from corpus.lines.verify import verified

ASKED_MOST = 0.01
DEFERRED_MOST = 0.05
KINDS = sorted({entry.kind for entry in guarded()})


@pytest.fixture(scope="module")
def measure() -> Iterator[Measure]:
    with measuring() as made:
        yield made


def listed(found: Sequence[Wrong]) -> str:
    """The failures by name."""
    return "\n".join(map(str, found))


def test_there_are_300_harmless_lines_and_no_two_alike() -> None:
    entries = harmless()
    assert len(entries) >= 300
    assert len({entry.line for entry in entries}) == len(entries)


@pytest.mark.needs("bash")
def test_a_shell_reads_the_harmless_lines() -> None:
    # One that isn't whole takes in the brace behind it.
    script = "".join(f"f() {{ :\n{entry.line}\n}}\n" for entry in harmless())
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def test_the_harmless_are_not_asked_about_without_shims(measure: Measure) -> None:
    entries = harmless()
    found = list(measure.asked(entries))
    assert len(found) <= ASKED_MOST * len(entries), listed(found)


def test_there_are_1000_lines_of_guards_and_no_two_alike() -> None:
    entries = guarded()
    assert len(entries) >= 1000
    assert len({(entry.line, entry.shell) for entry in entries}) == len(entries)
    assert 0.3 < sum(entry.harmless for entry in entries) / len(entries) < 0.4
    assert {entry.shell for entry in entries} == {"bash", "sh", "zsh"}
    assert sum(bool(entry.unrun) for entry in entries) < 0.02 * len(entries)
    assert sum(bool(entry.beyond) for entry in entries) < 0.03 * len(entries)


@pytest.mark.needs("bash", "bwrap", "dash", "setpriv", "zsh")
def test_a_shell_runs_what_some_lines_say() -> None:
    assert not (found := verified(guarded()[::16])), "\n".join(found)


@pytest.mark.slow
@pytest.mark.needs("bash", "bwrap", "dash", "setpriv", "zsh")
@pytest.mark.parametrize("kind", KINDS)
def test_a_shell_runs_what_the_lines_say(kind: str) -> None:
    assert not (found := verified([entry for entry in guarded() if entry.kind == kind])), "\n".join(found)


WRONG = [
    (Guarded("x", "rm -rf /", ("rm -rf /etc",)), ["didn't run: rm -rf /etc", "ran besides: rm -rf /"]),
    (Guarded("x", "sudo rm x; ls", ("sudo rm x", "ls")), ["ran besides: rm x"]),
    (Guarded("x", "false && rm x", ("rm x",)), ["didn't run: rm x"]),
    (Guarded("x", "ls", ("ls",), calls=("unlink",)), ["was told to delete [], not ['unlink']"]),
    (Guarded("x", "perl -e 'unlink 1'", ("perl -e 'unlink 1'",)), ["was told to delete ['1'], not []"]),
]


@pytest.mark.needs("bash", "bwrap", "dash", "perl", "setpriv")
def test_what_a_line_says_wrongly_is_found() -> None:
    found = verified([entry for entry, _ in WRONG])
    assert [[line.strip() for line in one.splitlines()[1:-1]] for one in found] == [said for _, said in WRONG]


def test_a_command_is_listed_as_it_is_or_as_far_as_it_is_certain() -> None:
    assert lists("rm -rf 'a  b'", ["ls", "rm -rf 'a  b'"])
    assert not lists("rm -rf /", ["rm -rf /etc", "sudo rm -rf /"])
    assert lists("rm -rf …", ["rm -rf '$x'"])
    assert lists("rm -rf …", ["rm -rf"])
    assert not lists("rm -rf …", ["rm -r x"])
    assert covers("rm -rf …", ["rm", "-rf", "x"])
    assert not covers("rm -rf x …", ["rm", "-rf"])


def test_a_command_is_listed_by_the_spelling_that_decides() -> None:
    assert lists("sudo rm -rf /", ["rm -rf /"], ["sudo rm -rf /", "rm -rf /"])
    assert lists("sudo rm …", ["rm '$x'"], ["sudo rm …", "rm …"])
    assert not lists("rm -rf /", ["sudo rm -rf /"], ["sudo rm -rf /", "rm -rf /"])
    assert not lists("sudo rm -rf /", ["ls"], ["sudo rm -rf /", "ls"])
    assert lists("git -C a push -f", ["git push -f"])
    assert not lists("git -C a push -f", ["git push", "git status"])


@pytest.fixture(scope="module")
def wrong(measure: Measure) -> list[Wrong]:
    """The lines of guards that are not seen as a whole."""
    return list(measure.unseen(guarded()))


def test_every_command_is_seen_or_left_to_the_run(wrong: Sequence[Wrong]) -> None:
    found = [one for one in wrong if one.unseen]
    assert not found, listed(found)


def test_few_lines_are_left_to_the_run(wrong: Sequence[Wrong]) -> None:
    found = [one for one in wrong if one.deferred]
    assert len(found) <= DEFERRED_MOST * len(guarded()), listed(found)
