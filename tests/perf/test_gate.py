from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import tree
from gate import EXECUTIONS, LINES, Compared, compare_overheads, judge, judge_new_lines
from overhead import A_NEW_LINE
from timing import Estimate, Timing


def exactly(value: float) -> Estimate:
    return Estimate(value, value, value)


def test_ten_per_cent_more_instructions_pass_and_more_than_that_fail() -> None:
    assert not Compared("client", exactly(1000), exactly(1100)).worse
    assert Compared("client", exactly(1000), exactly(1101)).worse


def test_a_ratio_is_worse_only_beyond_noise() -> None:
    assert not Compared("true", Estimate(1.0, 0.9, 1.1), Estimate(1.3, 1.05, 1.5)).worse
    assert Compared("true", Estimate(1.0, 0.9, 1.1), Estimate(1.3, 1.2, 1.5)).worse
    assert not Compared("true", Estimate(1.0, 0.99, 1.01), Estimate(1.05, 1.04, 1.06)).worse


def test_the_culprit_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    found = [Compared("client", exactly(100), exactly(150), "shims/request.c:measure +50")]
    assert judge(found) == 1
    said = capsys.readouterr().err
    assert "client: +50 % against the baseline" in said
    assert "shims/request.c:measure +50" in said


def test_a_clone_without_the_baseline_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    baseline = tmp_path / "BASELINE"
    baseline.write_text(f"# why\n{'0' * 39}1\n")
    monkeypatch.setattr(tree, "ROOT", str(tmp_path))
    monkeypatch.setattr(tree, "BASELINE", str(baseline))
    with pytest.raises(SystemExit, match=r"isn't in this clone(.|\n)*hint: `git fetch"):
        tree.baseline_commit()


def test_the_baseline_is_one_commit() -> None:
    lines = [line for line in Path(tree.BASELINE).read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == 1
    assert len(lines[0]) == 40
    assert os.path.isdir(tree.ROOT)


def timings(before: float, after: float, noise: float) -> dict[str, Timing]:
    """Of 61 rounds, where a line costs so much over native, repeated half of that; the noise is each case's own."""
    found: dict[str, Timing] = {}
    for new_line, part in zip(LINES, (0.5, 1.0, 1.0), strict=True):
        for name, over in (("native", 0.0), ("before, {}", before * part), ("after, {}", after * part)):
            for way in EXECUTIONS:
                samples = tuple(500 + over + noise * (number * (2 * len(found) + 1) % 61 - 30) for number in range(61))
                found[name.format(way) + new_line] = Timing(samples)
    return found


def test_what_a_line_takes_over_native_is_compared_with_the_baselines() -> None:
    found = {each.what: each for each in compare_overheads(timings(400, 240, 0.1))}
    new_line = found[f"true, in place{A_NEW_LINE}"]
    assert [round(each.value) for each in (new_line.before, new_line.after)] == [400, 240]
    assert new_line.ratio.value == pytest.approx(0.6)
    assert round(found["true, daemon"].before.value) == 200


def test_a_new_line_has_to_be_within_what_is_asked_and_apart() -> None:
    quiet, noisy = (compare_overheads(timings(400, 240, noise)) for noise in (0.1, 100))
    assert judge_new_lines(quiet, (0.7, 0.7)) == 0
    assert judge_new_lines(quiet, (0.7, 0.5)) == 1
    assert judge_new_lines(noisy, (0.7, 0.7)) == 1
    assert judge_new_lines(noisy, None) == 0


def test_which_new_line_costs_too_much_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    judge_new_lines(compare_overheads(timings(400, 240, 0.1)), (0.7, 0.5))
    assert capsys.readouterr().err == (
        "FAILED: true, daemon, a new line: 0.60 of the baseline's, at most 0.5 is asked\n"
    )
