"""What `hatch_build.py` makes of a user's compiler."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import pytest
from ccode import build, refusing_compiler
from needs import need

pytestmark = pytest.mark.needs("cc")

STRICT = ("clang -Weverything -Werror", "gcc -Wall -Wextra -Wpedantic -Werror -pedantic-errors")
BARE = platform.machine() in {"x86_64", "aarch64"}


def has_loader(program: str) -> bool:
    """Whether it asks for one, as what is linked against libc does."""
    command = [need("readelf"), "--program-headers", program]
    return b"INTERP" in subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.skipif(not BARE, reason="this architecture's client is linked against libc")
@pytest.mark.parametrize("words", ["cc", *STRICT])
def test_no_warning_costs_the_static_client(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = words.partition(" ")[0]
    need(compiler)
    monkeypatch.setenv("CC", "/nonexistent/cc")
    assert os.listdir(build(str(tmp_path)).native) == ["not-static.txt"]
    monkeypatch.setenv("CC", words)
    built = build(str(tmp_path))  # which forgets why the one before fell back
    assert built.warnings == []
    assert sorted(os.listdir(built.native)) == [
        "safeshell-front.so",
        "safeshell-hook",
        "safeshell-keeper",
        "safeshell-sh",
        "safeshell-shim",
    ]
    assert not has_loader(f"{built.native}/safeshell-shim")
    assert not has_loader(f"{built.native}/safeshell-hook")
    assert not has_loader(f"{built.native}/safeshell-sh")
    assert not has_loader(f"{built.native}/safeshell-keeper")
    assert built.data["pure_python"] is False


def test_a_client_that_needs_libc_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", refusing_compiler(str(tmp_path)))
    built = build(str(tmp_path))
    (said,) = built.warnings
    assert said.startswith("the native client is linked against libc, a command costs more: refusing-cc: In function")
    assert has_loader(f"{built.native}/safeshell-shim")
    assert Path(built.native, "not-static.txt").read_text() == "refusing-cc: error: no libc, no program\n"
    assert built.data["pure_python"] is False


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("/nonexistent/cc -O2", "/nonexistent/cc -O2: No such file or directory"),
        ("cc '", "CC=cc ': No closing quotation"),
        ("false", "false -std=gnu11 "),
    ],
)
def test_a_build_without_a_compiler_succeeds_and_says_so(
    words: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", words)
    native = tmp_path / "safeshell/install/native"
    native.mkdir(parents=True)
    for left in ("safeshell-shim", "safeshell-hook", "safeshell-sh", "safeshell-keeper", "safeshell-front.so"):
        (native / left).write_text("an earlier build's")
    built = build(str(tmp_path))
    (said,) = built.warnings
    assert said.startswith(f"the native client is left out, shims will use the slower bash client: {why}")
    assert os.listdir(built.native) == ["not-static.txt"]
    assert Path(built.native, "not-static.txt").read_text().startswith(why)
    assert built.data == {}
