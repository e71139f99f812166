"""Damaged rules end as findings or as a table, whatever the damage, and never as a traceback."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from safeshell_compiler import compile_rules
from safeshell_compiler.dump import dump
from safeshell_compiler.findings import render
from safeshell_compiler.publish import compile_home, for_daemon

from safeshell.home.paths import Home
from safeshell.policy.store.reading import read_current

GOLDEN = (Path(__file__).parent / "golden" / "rules.yaml").read_bytes()
BITS = (
    b"&a ",
    b"*a",
    b"!!int ",
    b"\0",
    b"\t",
    b"\xff",
    b"[",
    b"{",
    b"'",
    b'"',
    b"? ",
    b"|\n",
    b"null",
    b"yes",
    b"---\n",
)


def flip_bytes(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def flip_letters(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        changed[rng.randrange(len(changed))] = rng.randrange(32, 127)
    return bytes(changed)


def drop_or_double_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(line * rng.choice((0, 1, 1, 1, 1, 1, 1, 2)) for line in lines)


def insert_bits(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(data))
        data = data[:at] + rng.choice(BITS) + data[at:]
    return data


def swap_values(data: bytes, rng: random.Random) -> bytes:
    words = data.split(b" ")
    for _ in range(rng.randint(1, 4)):
        one, other = rng.randrange(len(words)), rng.randrange(len(words))
        words[one], words[other] = words[other], words[one]
    return b" ".join(words)


Mutation = Callable[[bytes, random.Random], bytes]
HANG_S = 5.0
"""What no damaged file may take."""

MUTATIONS: list[Mutation] = [flip_bytes, flip_letters, drop_or_double_lines, insert_bits, swap_values]


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_damage_ends_in_findings_or_a_table(tmp_path: Path, mutate: Mutation) -> None:
    rng = random.Random(repr(MUTATIONS.index(mutate)))
    (tmp_path / "team.yaml").write_bytes((Path(__file__).parent / "golden" / "team.yaml").read_bytes())
    path = tmp_path / "rules.yaml"
    outcomes = set()
    for _ in range(200):
        path.write_bytes(mutate(GOLDEN, rng))
        started = time.monotonic()
        compilation = compile_rules(str(path), lint=True)
        assert time.monotonic() - started < HANG_S
        failed = any(found.severity == "error" for found in compilation.findings)
        assert (compilation.table is None) == failed
        render.human(compilation.findings).encode()
        if compilation.table is not None:
            dump(compilation.table)
        outcomes.add(failed)
    assert True in outcomes


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_damage_leaves_the_table_in_force_alone(tmp_path: Path, mutate: Mutation) -> None:
    rng = random.Random(repr(MUTATIONS.index(mutate)))
    home = Home(str(tmp_path / "home"))
    home.create()
    rules = Path(home.rules)
    (rules.parent / "team.yaml").write_bytes((Path(__file__).parent / "golden" / "team.yaml").read_bytes())
    rules.write_bytes(GOLDEN)
    for_daemon(home, compile_home(home))

    def in_force() -> str:
        return read_current(home.tables, [home.rules])[0][home.rules][0].digest

    before = in_force()
    broken = 0
    while broken < 4:
        rules.write_bytes(mutate(GOLDEN, rng))
        compiled = compile_home(home)
        if compiled.errors:
            broken += 1
            for_daemon(home, compiled)
            assert in_force() == before
