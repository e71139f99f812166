"""What of an environment a spawn can express; the rest of the step is run by test_commands.py."""

from __future__ import annotations

import os

import pytest

from safeshell.daemon.steps.spawn import expressible


def test_the_environment_keeps_bytes_and_order() -> None:
    entries = [b"Z=1", b"A=", b"B=x=y=z", b"\xff=\xfe\n", b"BASH_FUNC_f%%=() { :; }"]
    made = expressible(entries)
    assert made is not None
    assert [name + b"=" + value for name, value in made.items()] == entries
    assert expressible([]) == {}


@pytest.mark.parametrize(
    "entries",
    [[b"A=1", b"A=1"], [b"A=1", b"B=2", b"A=3"], [b"A=1", b"B"], [b""], [b"=x"], [b"=C:=x"], [b"="]],
)
def test_an_environment_that_a_spawn_cannot_express_is_none(entries: list[bytes]) -> None:
    assert expressible(entries) is None


def test_a_spawn_gives_the_expressed_environment_as_it_was() -> None:
    entries = [b"Z=1", b"A=", b"B=x=y", b"\xff=\xfe"]
    made = expressible(entries)
    assert made is not None
    reading, writing = os.pipe()
    try:
        pid = os.posix_spawn("/usr/bin/env", [b"env", b"-0"], made, file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1)])
        os.close(writing)
        with open(reading, "rb", closefd=False) as output:
            assert output.read().split(b"\0")[:-1] == entries
        assert os.waitpid(pid, 0)[1] == 0
    finally:
        os.close(reading)
