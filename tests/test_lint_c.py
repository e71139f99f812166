"""The lint of C finds something, and says what it can't try; that it finds nothing here is `make check`'s."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import lint_c
import pytest
from lint_c import COMPILERS, Unit, complaints, forgotten, lint_scripts
from needs import need

UNUSED = "int main(void) { int unused; return 0; }\n"


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_warning_is_found(compiler: str, tmp_path: Path) -> None:
    need(compiler)
    source = tmp_path / "source.c"
    source.write_text(UNUSED)
    assert "unused variable" in complaints(Unit(str(source), "", ("-O2",)), compiler)
    source.write_text("int main(void) { return 0; }\n")
    assert complaints(Unit(str(source), "", ("-O2",)), compiler) == ""


def test_a_script_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/bash\nrm $1\n")
    monkeypatch.setattr(lint_c, "SCRIPTS", (str(script),))
    found = lint_scripts()
    said = capsys.readouterr().out
    if "shellcheck is not installed" in said:
        pytest.skip(said.strip())
    assert not found
    assert "SC2086" in said


def test_every_source_is_compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert forgotten() == []
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/new.c").write_text(UNUSED)
    monkeypatch.setattr(lint_c, "ROOT", str(tmp_path))
    assert forgotten() == ["tests/new.c"]


def test_what_is_not_installed_is_named(tmp_path: Path) -> None:
    python = tmp_path / "python"  # with no shellcheck beside it
    python.symlink_to(sys.executable)
    run = "import sys, lint_c; sys.executable = sys.argv[1]; sys.exit(lint_c.main())"
    done = subprocess.run(
        [sys.executable, "-c", run, str(python)],
        env={"PATH": "/nonexistent", "PYTHONPATH": os.path.dirname(lint_c.__file__)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for name in (*COMPILERS, "shellcheck"):
        assert f"{name} is not installed: not tried" in done.stdout
