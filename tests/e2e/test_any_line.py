"""Lines that the daemon never saw and that no rule can match: the native front answers them as Python would."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from e2e.guard import BRIEF, FORBIDDEN, RULES, Guard, Outcome, guarded
from e2e.test_front import CONFIGS, answered, asks_anew, records_of
from harness import MARKER, until, write

from safeshell.install.native import native_front


@pytest.fixture(params=CONFIGS)
def world(request: pytest.FixtureRequest) -> Iterator[Guard]:
    """A world whose daemon has its front, for one test alone."""
    assert native_front(), "nothing was compiled: these tests would show nothing"
    with guarded(CONFIGS[request.param]) as guard:
        until(lambda: guard.daemon.status()["front"]["native"], "the native front")
        yield guard


def learn(guard: Guard, *head: str) -> None:
    """Runs lines of a head until one is the front's: the third, where nothing else comes between."""
    asks_anew(guard, *head, "1")
    before = answered(guard)
    for number in range(2, 9):  # the second begins as one that was seen: kept
        guard.run(*head, str(number))
        if answered(guard) > before:
            return


def is_answered(guard: Guard, *argv: str) -> Outcome:
    """Runs a command that the front has to answer."""
    before = answered(guard)
    found = guard.run(*argv)
    assert answered(guard) == before + 1
    return found


def test_a_line_never_seen_ends_as_natively_and_is_counted(world: Guard) -> None:
    learn(world, "exits")
    before = world.daemon.status()
    for number in range(3, 9):
        assert is_answered(world, "exits", str(number)).status == number
    now = world.daemon.status()
    assert now["requests"]["allow"] - before["requests"]["allow"] == 6
    (placement,), (place_before,) = now["placement"].values(), before["placement"].values()
    assert placement["count"] - place_before["count"] == 6


def test_words_arrive_as_they_are(world: Guard) -> None:
    world.install("called", '#!/bin/sh\nprintf "<%s>" "$@"\n')
    learn(world, "called")
    words = ["a b", "", "'", "it's", "\n", "$HOME", "A", "~", "*", "\\", "-x", "--", "x" * 3000]
    expected = "".join(f"<{word}>" for word in words).encode()
    assert is_answered(world, "called", *words).out == expected
    assert asks_anew(world, "called", "x" * 5000).status == 0  # too long to be looked through here
    assert asks_anew(world, "called", "é").out == "<é>".encode()


@pytest.mark.parametrize("word", [FORBIDDEN, f"x{FORBIDDEN}y"])
def test_a_line_that_a_rule_may_match_is_decided(world: Guard, word: str) -> None:
    learn(world, "exits")
    is_answered(world, "exits", "3")
    denied = asks_anew(world, "exits", word)
    assert (denied.status, b"not-that-word" in denied.err) == (126, True)
    assert (
        asks_anew(world, "exits", "3", word.upper()).status == 3
    )  # other letters, as far as it can tell: left to Python


def test_a_line_that_another_action_is_about_is_decided(world: Guard) -> None:
    world.install("called", "#!/bin/sh\nexec sleep 100\n")
    learn(world, "exits")
    assert asks_anew(world, "called", BRIEF).status == 124  # a timeout of its own


def new_rules(guard: Guard) -> int:
    write(guard.home.rules, RULES.replace(FORBIDDEN, "'7'"))
    return 126


def rules_of_the_repository(guard: Guard) -> int:
    deny = "version: 1\nrules:\n  - {name: local, commands: [exits], action: deny, message: Not here.}\n"
    write(os.path.join(guard.work, ".safeshell", "rules.yaml"), deny)
    return 126


def another_program(guard: Guard) -> int:
    guard.install("exits", "#!/bin/sh\nexit 9\n")
    return 9


def everything_recorded(guard: Guard) -> int:
    config = guard.home.config
    with open(config, encoding="utf-8") as stream:
        text = stream.read()
    write(config, text + "audit: all\n")
    return 7


@pytest.mark.parametrize("change", [new_rules, rules_of_the_repository, another_program, everything_recorded])
def test_whatever_it_hangs_on_is_heeded_at_once(world: Guard, change: object) -> None:
    learn(world, "exits")
    is_answered(world, "exits", "3")
    assert callable(change)
    status = change(world)
    assert asks_anew(world, "exits", "7").status == status


def test_another_directory_and_other_variables_are_asked_about(world: Guard) -> None:
    learn(world, "exits")
    os.mkdir(os.path.join(world.work, "below"))
    assert asks_anew(world, "exits", "3", cwd=os.path.join(world.work, "below")).status == 3
    assert asks_anew(world, "exits", "3", env={MARKER: "1"}).status == 3


def test_where_all_is_recorded_each_line_is(world: Guard) -> None:
    everything_recorded(world)
    for word in "1234":
        asks_anew(world, "exits", word)
    until(lambda: world.daemon.status()["audit"]["seq"] == 5, "the records")
    edit, *records = records_of(world)
    assert edit["kind"] == "edit"
    assert [record["argv"] for record in records] == [["exits", word] for word in "1234"]


def test_a_command_that_outlives_the_change_is_recorded_as_what_it_is() -> None:
    """It was the front's, when nobody wanted to hear; it ends when everything is recorded."""
    with guarded(CONFIGS["daemon"]) as world:
        until(lambda: world.daemon.status()["front"]["native"], "the native front")
        world.install("called", "#!/bin/sh\nread -r _\nexit $1\n")
        learn(world, "called")
        reader, writer = os.pipe()
        with open(reader, "rb") as stdin:
            process = world.start("called", "5", stdin=stdin)
        until(lambda: world.daemon.status()["running"] == 1, "the command")
        everything_recorded(world)
        asks_anew(world, "exits", "1")
        os.close(writer)
        assert process.wait() == 5
        until(lambda: world.daemon.status()["audit"]["seq"] == 3, "the records")
        commands = [record["argv"] for record in records_of(world) if record.get("kind") != "edit"]
        assert commands == [["exits", "1"], ["called", "5"]]


def test_each_of_gits_subcommands_has_an_answer_of_its_own(world: Guard) -> None:
    world.install("git", '#!/bin/sh\necho "$@"\n')
    write(world.home.rules, RULES.replace("commands: [", "commands: [git, "))
    world.run("git", "status")  # with the new rules in force
    learn(world, "git", "status")
    assert is_answered(world, "git", "status", "--short").out == b"status --short\n"
    learn(world, "git", "log")
    assert is_answered(world, "git", "log", "-3").out == b"log -3\n"
    asks_anew(world, "git", "st", "1")  # might be an alias
    asks_anew(world, "git", "st", "2")
    asks_anew(world, "git", "st", "3")
