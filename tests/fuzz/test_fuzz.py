"""The fuzzers for a moment each; `make fuzz` runs them for as long as one likes."""

from __future__ import annotations

import pytest
from fuzz.drive import CONFIG, NO_COMPILER, fuzz_daemon, fuzz_receivers, fuzz_reply_parser, fuzzed_program
from harness import make_home, running_daemon, temporary_directory

SEED = 1


def test_receivers() -> None:
    assert fuzz_receivers(1, SEED) > 100


def test_a_running_daemon() -> None:
    with temporary_directory() as root, running_daemon(make_home(f"{root}/h", config=CONFIG)) as daemon:
        assert fuzz_daemon(daemon, fuzzed_program(root), 1, SEED) >= 50


def test_the_clients_reply_parser() -> None:
    if fuzz_reply_parser(1, SEED) == NO_COMPILER:
        pytest.skip(NO_COMPILER)


@pytest.mark.slow
def test_for_minutes() -> None:
    fuzz_receivers(30, SEED + 1)
    with temporary_directory() as root, running_daemon(make_home(f"{root}/h", config=CONFIG)) as daemon:
        fuzz_daemon(daemon, fuzzed_program(root), 30, SEED + 1)
    fuzz_reply_parser(30, SEED + 1)
