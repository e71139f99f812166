"""The judge of shell lines against real shells: 750 lines here, all by `make fuzz-lines`."""

from __future__ import annotations

import pytest
from lines.drive import Part, run
from lines.measure import passed, report
from lines.sandbox import PROGRAMS

SEED = 15

LINES = (
    (Part("misses", "bash", shims=False, share=1), 150),
    (Part("misses", "sh", shims=False, share=1), 100),
    (Part("misses", "zsh", shims=False, share=1), 100),
    (Part("misses", "bash", shims=True, share=1), 100),
    (Part("looser", "bash", shims=False, share=1), 100),
)


def _measured(part: Part, count: int) -> None:
    try:
        tally = run(part, seed=SEED, count=count, workers=1)
    except OSError as error:
        pytest.skip(f"no sandbox can be made here: {error}")
    assert tally.counted == count
    assert passed(part.mode, tally), report(tally, 10, table=False)


def _named(part: Part) -> str:
    return f"{part.mode}-{part.shell}{'-shims' if part.shims else ''}"


@pytest.mark.parametrize(
    ("part", "count"),
    [
        pytest.param(part, count, marks=pytest.mark.needs(PROGRAMS[part.shell]), id=_named(part))
        for part, count in LINES
    ],
)
def test_what_a_shell_runs_is_judged(part: Part, count: int) -> None:
    _measured(part, count)


@pytest.mark.parametrize(
    ("shell", "count"),
    [
        pytest.param("bash", 100, marks=pytest.mark.needs("bash")),
        pytest.param("sh", 50, marks=pytest.mark.needs("dash")),
        pytest.param("zsh", 50, marks=pytest.mark.needs("zsh")),
    ],
)
def test_what_is_only_text_is_not_stopped(shell: str, count: int) -> None:
    _measured(Part("text", shell, shims=False, share=1), count)
