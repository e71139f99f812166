"""What the benchmark builds: a tree's native parts by the tree's own hook, and its load generator."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
import tree
from building import Programs, build
from throughput import load

pytestmark = pytest.mark.needs("cc")

BUILD = Path(tree.HERE, "build_native.py")


def build_front(root: str, output: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BUILD), root, "front", str(output), "symbols"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_trees_front_is_built_with_the_names_of_its_functions(tmp_path: Path) -> None:
    output = tmp_path / "front.so"
    assert build_front(tree.ROOT, output).returncode == 0
    assert ctypes.CDLL(str(output)).front_wait
    assert b"is_like_own" in output.read_bytes()  # which nothing outside it calls


def test_a_tree_of_before_there_was_a_front_has_none_built(tmp_path: Path) -> None:
    (tmp_path / "hatch_build.py").write_text("def compile_client(source, output): return 'not asked for'\n")
    assert build_front(str(tmp_path), tmp_path / "front.so").returncode == 0
    assert not (tmp_path / "front.so").exists()


def test_why_nothing_could_be_built_is_said(tmp_path: Path) -> None:
    (tmp_path / "hatch_build.py").write_text(
        "FRONT_SOURCE, FRONT_FLAGS = 'front.c', ('-s',)\n"
        "def compile_front(source, output): return f'{source}: broken'\n"
    )
    done = build_front(str(tmp_path), tmp_path / "front.so")
    assert done.returncode != 0
    assert "front.c: broken" in done.stderr


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    built = build(str(tmp_path_factory.mktemp("built")))
    assert built is not None
    return built


@pytest.mark.parametrize(("lines", "different"), [("new", 12), ("same", 1)])
def test_lines_are_run_new_or_the_same(programs: Programs, tmp_path: Path, lines: str, different: int) -> None:
    script = tmp_path / "said"
    script.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/lines\n')
    script.chmod(0o755)
    load(programs, "run", "3", "4", lines, str(script), "a", "b", directory="/")
    said = (tmp_path / "lines").read_text().splitlines()
    assert len(said) == 12
    assert len(set(said)) == different
    assert all(line.startswith("a b") for line in said)
