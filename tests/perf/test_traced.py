from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

TRACED = Path(__file__).parents[2] / "perf" / "traced.py"


def test_bytecodes_are_counted_by_function_of_the_tree(tmp_path: Path) -> None:
    package = tmp_path / "tree" / "safeshell" / "daemon"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("def work():\n    for _ in range(100): pass\nwork()\nraise SystemExit(0)\n")
    output = tmp_path / "counts.json"
    done = subprocess.run(
        [sys.executable, "-P", str(TRACED), str(tmp_path / "tree"), str(output)],
        env={"PYTHONPATH": str(tmp_path / "tree")},
        check=False,
    )
    assert done.returncode == 0
    counts = json.loads(output.read_text())
    assert all(name.startswith("safeshell/") for name in counts)
    assert "safeshell/daemon/__main__.py:<module>" in counts
    assert counts["safeshell/daemon/__main__.py:work"] > 200
