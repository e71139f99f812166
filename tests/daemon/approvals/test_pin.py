"""The PIN: what it takes to set it, and how often one may be wrong. Hashes are cheap here, and the clock is set."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import PATIENCE_S

from safeshell.daemon.approvals import pin as module
from safeshell.daemon.approvals.pin import FREE_TRIES, MAX_LENGTH, MIN_DIGITS, MIN_LENGTH, WAIT_MAX_S, WAIT_S, Pins
from safeshell.daemon.core.loop import Loop
from safeshell.home.paths import Home

PIN = "correct horse"
COST = dict(module._COST)


class Bench:
    """The PIN of a home, with the loop that it answers in.

    Attributes:
        now: what the clock that nobody can set back shows.
        boot: the name of this boot.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.loop = Loop()
        self.pins = Pins(home, self.loop)
        self.now, self.boot = 1000.0, "this"

    def check(self, *pins: object) -> list[str]:
        """What is said to each of these, tried all at once."""
        said: list[str] = []
        for pin in pins:
            self.pins.check(pin, said.append)
        self._serve(lambda: len(said) == len(pins))
        return said

    def enroll(self, pin: object, old: object = None) -> str:
        said: list[str] = []
        self.pins.enroll(pin, old, said.append)
        self._serve(lambda: bool(said))
        return said[0]

    def _serve(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < deadline, "no answer"
            self.loop.call_later(0.001, self.loop.stop)
            self.loop.run()

    def restart(self) -> None:
        self.pins = Pins(self.home, self.loop)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(module, "_COST", {"n": 2, "r": 1, "p": 1})
    made = Bench(Home(str(tmp_path)))
    monkeypatch.setattr(module, "_now", lambda: made.now)
    monkeypatch.setattr(module, "_boot", lambda: made.boot)
    yield made
    made.loop.close()


@pytest.fixture
def enrolled(bench: Bench) -> Bench:
    assert bench.enroll(PIN) == ""
    return bench


def test_before_it_is_set_nothing_is_right(bench: Bench) -> None:
    assert not bench.pins.enrolled
    assert bench.check(PIN) == ["there is no PIN yet: run `safeshell approvals enroll` at a terminal"]


def test_only_the_pin_is_right(enrolled: Bench) -> None:
    assert enrolled.pins.enrolled
    assert enrolled.check(PIN) == [""]
    assert enrolled.check(PIN + "x") == ["wrong PIN"]
    assert enrolled.check("", None, 1234) == ["it takes the PIN"] * 3


def test_it_is_checked_while_the_loop_serves_others(enrolled: Bench) -> None:
    said: list[str] = []
    enrolled.pins.check(PIN, said.append)
    assert said == []


LENGTH = f"a PIN has {MIN_LENGTH} to {MAX_LENGTH} characters, {MIN_DIGITS} or more where all are digits"


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("", LENGTH),
        ("abcde", LENGTH),
        ("1234", LENGTH),
        ("7395162", LENGTH),
        ("\u0661\u0662\u0663\u0664\u0665\u0666", LENGTH),
        ("xyzv" * 64 + "x", LENGTH),
        ("00000000", "a PIN has 4 different characters or more"),
        ("abcabcabcabc", "a PIN has 4 different characters or more"),
        (1234, "a PIN is a text"),
        (None, "a PIN is a text"),
        ({}, "a PIN is a text"),
        ("correct\ud800horse", "a PIN has no unpaired surrogates: it could not be typed"),
        ("\udcff\udcfe\udcfd\udcfc\udcfb\udcfa", "a PIN has no unpaired surrogates: it could not be typed"),
    ],
)
def test_s18_one_that_is_soon_guessed_or_no_text_is_not_set(bench: Bench, pin: object, why: str) -> None:
    assert bench.enroll(pin) == why
    assert not bench.pins.enrolled


@pytest.mark.parametrize("pin", ["correct\ud800horse", "\udcff", "a\x00b", [], {"a": 1}, 10**9, True])
def test_s18_whatever_is_given_gets_an_answer(enrolled: Bench, pin: object) -> None:
    assert enrolled.check(pin)[0] in ("wrong PIN", "it takes the PIN")
    assert enrolled.check(PIN) == [""]


def test_s18_what_goes_wrong_on_the_way_is_answered(enrolled: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(module, "_hash", raises)
    assert enrolled.check(PIN) == ["the PIN can't be checked"]
    assert enrolled.enroll("another", PIN) == "the PIN can't be checked"
    os.unlink(enrolled.home.pin)
    assert enrolled.enroll(PIN).startswith("the PIN can't be hashed")


@pytest.mark.parametrize("field", ["salt", "hash", "n"])
def test_s18_a_record_with_a_field_that_is_none_is_answered(enrolled: Bench, field: str) -> None:
    record = json.loads(Path(enrolled.home.pin).read_text(encoding="ascii"))
    Path(enrolled.home.pin).write_text(json.dumps({**record, field: "no"}), encoding="ascii")
    assert enrolled.check(PIN) == ["the PIN can't be checked"]


@pytest.mark.parametrize(("pin", "is_short"), [("1234", True), ("abcd", True), (PIN, False)])
def test_s18_an_old_one_is_still_taken_and_said_to_be_short(bench: Bench, pin: str, is_short: bool) -> None:
    """As it was set before: four digits, at a quarter of the cost."""
    cost = {"n": 1 << 15, "r": 8, "p": 1}
    made = hashlib.scrypt(pin.encode(), salt=b"salt", maxmem=256 << 20, dklen=32, **cost)
    record = {**cost, "salt": b"salt".hex(), "hash": made.hex(), "wrong": 0, "until": 0.0, "boot": "this"}
    Path(bench.home.pin).write_text(json.dumps(record), encoding="ascii")
    assert bench.check("4321") == ["wrong PIN"]
    assert bench.pins.note == ""
    assert bench.check(pin) == [""]
    assert ("`safeshell approvals enroll`" in bench.pins.note) == is_short
    assert bench.enroll("another", pin) == ""
    assert bench.pins.note == ""


def test_s18_a_guess_costs_what_it_is_meant_to() -> None:
    """Memory, which is what guessing at many at once runs out of: 128 r n bytes (RFC 7914)."""
    cost = COST
    assert 128 * cost["r"] * cost["n"] * cost["p"] >= 128 << 20


def test_the_file_is_the_users_alone_and_does_not_hold_it(enrolled: Bench) -> None:
    first = Path(enrolled.home.pin).read_text(encoding="ascii")
    assert stat.S_IMODE(os.stat(enrolled.home.pin).st_mode) == 0o600
    assert PIN not in first
    assert enrolled.enroll(PIN, PIN) == ""
    assert Path(enrolled.home.pin).read_text(encoding="ascii") != first  # another salt


def test_another_takes_the_old_one(enrolled: Bench) -> None:
    assert enrolled.enroll("another", "wrong") == "wrong PIN"
    assert enrolled.enroll("another") == "it takes the PIN"
    assert enrolled.check(PIN) == [""]
    assert enrolled.enroll("another", PIN) == ""
    assert enrolled.check(PIN, "another") == ["wrong PIN", ""]


def test_wrong_ones_in_a_row_take_a_wait_that_doubles_to_an_hour(enrolled: Bench) -> None:
    for _ in range(FREE_TRIES):
        assert enrolled.check("wrong") == ["wrong PIN"]
    wait = WAIT_S
    for _ in range(9):
        assert enrolled.check(PIN) == [f"too many wrong PINs: wait {wait:.0f} s"]
        enrolled.now += wait
        assert enrolled.check("wrong") == ["wrong PIN"]
        wait = min(WAIT_MAX_S, wait * 2)
    assert wait == WAIT_MAX_S


def test_the_right_one_after_the_wait_clears_the_count(enrolled: Bench) -> None:
    enrolled.check(*["wrong"] * FREE_TRIES)
    enrolled.now += WAIT_S
    assert enrolled.check(PIN) == [""]
    for _ in range(FREE_TRIES):
        assert enrolled.check("wrong") == ["wrong PIN"]


def test_many_at_once_are_no_more_tries(enrolled: Bench) -> None:
    said = enrolled.check(*["wrong"] * (FREE_TRIES + 3))
    assert sorted(said) == sorted(["wrong PIN"] * FREE_TRIES + [f"too many wrong PINs: wait {WAIT_S:.0f} s"] * 3)


def test_a_restart_gives_no_more_tries(enrolled: Bench) -> None:
    enrolled.check(*["wrong"] * FREE_TRIES)
    enrolled.restart()
    assert enrolled.check(PIN) == [f"too many wrong PINs: wait {WAIT_S:.0f} s"]


def test_another_boot_ends_the_wait_its_clock_began_anew_and_keeps_the_count(enrolled: Bench) -> None:
    enrolled.check(*["wrong"] * FREE_TRIES)
    enrolled.now, enrolled.boot = 10.0, "next"
    assert enrolled.check("wrong") == ["wrong PIN"]
    assert enrolled.check(PIN) == [f"too many wrong PINs: wait {2 * WAIT_S:.0f} s"]


def test_a_try_that_cannot_be_counted_is_none(enrolled: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: str, _data: bytes, _mode: int) -> None:
        raise OSError

    monkeypatch.setattr(module, "write_atomically", full)
    assert enrolled.check(PIN) == [f"can't write {enrolled.home.pin}"]
    assert enrolled.enroll("another", PIN) == f"can't write {enrolled.home.pin}"


@pytest.mark.parametrize("content", ["", "{}", '{"wrong": "x", "until": 0, "boot": ""}', "[]"])
def test_a_damaged_file_is_no_pin(enrolled: Bench, content: str) -> None:
    Path(enrolled.home.pin).write_text(content, encoding="ascii")
    assert enrolled.check(PIN)[0].startswith("there is no PIN yet")
