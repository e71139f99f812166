"""The fuzzers for a moment each; `make fuzz` runs them for as long as one likes."""

from __future__ import annotations

import pytest
from fuzz.differential import compare, try_world
from fuzz.drive import CONFIG, NO_COMPILER, TARGETS, fuzz_daemon, fuzz_receivers, fuzz_target, fuzzed_program
from fuzz.formats import FORMATS, fuzz_format
from harness import make_home, running_daemon, temporary_directory

SEED = 1


def test_receivers() -> None:
    assert fuzz_receivers(1, SEED) > 100


@pytest.mark.parametrize("name", FORMATS)
def test_what_reads_bytes_in_python(name: str) -> None:
    assert fuzz_format(name, 0.2, SEED) > 1


def test_a_running_daemon() -> None:
    with temporary_directory() as root, running_daemon(make_home(f"{root}/h", config=CONFIG)) as daemon:
        assert fuzz_daemon(daemon, fuzzed_program(root), 1, SEED) >= 50


@pytest.mark.parametrize("name", TARGETS)
def test_what_reads_bytes_in_c(name: str) -> None:
    if fuzz_target(name, 1, SEED) == NO_COMPILER:
        pytest.skip(NO_COMPILER)


def test_the_front_against_python() -> None:
    tally = try_world(SEED, 25)
    assert tally.asked > 10
    assert tally.answered > 0, "the front has answered nothing: there was nothing to compare"


@pytest.mark.slow
def test_the_front_against_python_in_many_worlds() -> None:
    assert compare(30, SEED) == 0


@pytest.mark.needs("clang")
@pytest.mark.parametrize("name", TARGETS)
def test_s18_what_reads_bytes_in_c_by_clangs_sanitizers(name: str) -> None:
    # The compiler's own, above, adds to a null pointer without a word.
    if fuzz_target(name, 1, SEED, ["clang"]) == NO_COMPILER:
        pytest.skip(NO_COMPILER)


@pytest.mark.slow
def test_for_minutes() -> None:
    fuzz_receivers(30, SEED + 1)
    with temporary_directory() as root, running_daemon(make_home(f"{root}/h", config=CONFIG)) as daemon:
        fuzz_daemon(daemon, fuzzed_program(root), 30, SEED + 1)
    for name in TARGETS:
        fuzz_target(name, 30, SEED + 1)
