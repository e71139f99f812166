"""Between question and exec: a thread swaps the path or an argument, and what was denied never begins."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from budget import THOROUGH
from ccode import SWAP, compile_own
from harness import PATIENCE_S
from kernel.conftest import Strict
from needs import need

RULES = """\
version: 1
rules:
  - {name: no-false, commands: ['false'], action: deny, message: Nothing false.}
  - {name: no-zero, commands: [expr], conditions: [{command_contains: expr 0}], action: deny, message: No zero.}
"""

pytestmark = [pytest.mark.rules(RULES), pytest.mark.shared, pytest.mark.needs("cc")]

ATTEMPTS = str(100 * THOROUGH)


@pytest.fixture(scope="session")
def swapper(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program that swaps."""
    path = str(tmp_path_factory.mktemp("swap") / "swap")
    compile_own(SWAP, path)
    return path


def count(text: str) -> dict[str, int]:
    """How the attempts ended, by what is written last: name=number, blank between."""
    return {name: int(number) for name, _, number in (word.partition("=") for word in text.splitlines()[-1].split())}


@pytest.mark.parametrize("what", ["path", "argument"])
def test_what_was_swapped_does_not_begin(strict: Strict, swapper: str, place: Path, what: str) -> None:
    paths = {name: shutil.which(name) or need(name) or "" for name in ("true", "false", "expr")}
    swapped = ["path", ATTEMPTS, paths["true"], paths["false"]]
    if what == "argument":
        swapped = ["argument", ATTEMPTS, "1", "0", paths["expr"]]
    native = subprocess.run(
        [swapper, *swapped], cwd=place, capture_output=True, text=True, check=True, timeout=10 * PATIENCE_S
    )
    assert count(native.stdout)["deed"] > 0, "it has to work natively, or this shows nothing"
    ended = count(strict('exec "$@"', swapper, *swapped).stdout)
    assert ended["deed"] == 0
    assert ended["denied"] + ended["killed"] > 0
    assert sum(ended.values()) == int(ATTEMPTS)
