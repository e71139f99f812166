"""Configuration is read as git reads it."""

from __future__ import annotations

from pathlib import Path

from host.git.contents import CONFIGS, FUZZ
from host.git.repositories import (
    run_git,
)
from hypothesis import example, given

from safeshell.host.git.config import last_values


@given(content=CONFIGS)
@FUZZ
@example(content=b'[core]\nworktree = " a "b\\\n  c ; d\nbare')
@example(content=b"[core]bare=true[core]")
@example(content=b"[core]bare=[core]\r[core]")
def test_any_configuration_reads_as_git_reads_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config").write_bytes(content)
    listed = run_git(tmp_path, "config", "--no-includes", "-f", "config", "-z", "--list")
    try:
        values = last_values(content, (b"core.", b"extensions."))
    except ValueError:
        assert listed.returncode or content.endswith(b"\\")
        return
    assert listed.returncode == 0, listed.stderr
    expected: dict[bytes, bytes | None] = {}
    for entry in listed.stdout.split(b"\0")[:-1]:
        key, newline, value = entry.partition(b"\n")
        if key.startswith((b"core.", b"extensions.")) and key.count(b".") == 1:
            expected[key] = value if newline else None
    # Blanks within a value are kept as they are by some versions of git and become spaces in others.
    spaces = bytes.maketrans(b"\t\r", b"  ")
    found, asked = (
        {key: value and value.translate(spaces) for key, value in read.items()} for read in (values, expected)
    )
    assert found == asked
