"""What the shims don't see, shown: docs/threat-model.md names these limits, and each of them is one of the real thing.

A test that fails here means that a limit has gone, and that the page has to say so.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator

import pytest
from e2e.guard import FORBIDDEN, Guard, guarded

DENIED = 126


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with guarded() as made:
        yield made


def shell(guard: Guard, line: str) -> int:
    """The exit status of a line in a shell that has the shims first on its PATH."""
    return guard.run("/bin/sh", "-c", line).status


def test_a_command_by_name_is_seen_whoever_runs_it(guard: Guard) -> None:
    assert shell(guard, f"exits {FORBIDDEN}") == DENIED
    assert shell(guard, f"env exits {FORBIDDEN}") == DENIED
    python = f"import os; os.execvp('exits', ['exits', '{FORBIDDEN}'])"
    assert guard.run(sys.executable, "-I", "-c", python).status == DENIED


def test_an_absolute_path_is_not(guard: Guard) -> None:
    assert shell(guard, f"{guard.bin}/exits 3 {FORBIDDEN}") == 3


def test_nor_what_a_path_without_shims_finds(guard: Guard) -> None:
    assert shell(guard, f"PATH={guard.bin}:/usr/bin:/bin exits 3 {FORBIDDEN}") == 3
    assert shell(guard, f"PATH={guard.bin}:/usr/bin:/bin; exits 3 {FORBIDDEN}") == 3


def test_nor_a_program_under_another_name(guard: Guard) -> None:
    shutil.copy(f"{guard.bin}/exits", f"{guard.work}/renamed")
    assert shell(guard, f"./renamed 3 {FORBIDDEN}") == 3


def test_nor_one_that_a_program_starts_by_its_path(guard: Guard) -> None:
    python = f"import os; os.execv('{guard.bin}/exits', ['exits', '3', '{FORBIDDEN}'])"
    assert guard.run(sys.executable, "-I", "-c", python).status == 3


def test_nor_what_a_program_does_by_itself(guard: Guard) -> None:
    path = os.path.join(guard.work, "file")
    with open(path, "w", encoding="utf-8"):
        pass
    assert guard.run(sys.executable, "-I", "-c", f"import os; os.unlink({path!r})").status == 0
    assert not os.path.exists(path)


def test_nor_what_a_redirection_writes(guard: Guard) -> None:
    assert shell(guard, f"echo x > {FORBIDDEN}.txt") == 0
    assert os.path.exists(os.path.join(guard.work, f"{FORBIDDEN}.txt"))
