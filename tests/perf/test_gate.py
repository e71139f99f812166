from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import tree
from gate import Compared, judge
from timing import Estimate


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
    found = [Compared("client", exactly(100), exactly(150), "shims/request.h:measure +50")]
    assert judge(found) == 1
    said = capsys.readouterr().err
    assert "client: +50 % against the baseline" in said
    assert "shims/request.h:measure +50" in said


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
