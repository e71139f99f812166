from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import calls
import pytest
from building import build
from tree import Tree, working_tree

PROGRAM = """\
import ctypes, os, select
def read(): pass
def write(): pass
def work():
    read()
    os.posix_spawn("/bin/true", ["true"], {})
    write()
    select.epoll().poll(0)
    write()
    read()
    os.posix_spawn("/bin/true", ["true"], {})
    os.posix_spawn("/bin/true", ["true"], {})
    os.wait(), os.wait(), os.wait()
work()
raise SystemExit(0)
"""


def test_a_way_begins_after_a_wait_and_ends_at_the_first_spawn(tmp_path: Path) -> None:
    package = tmp_path / "tree" / "safeshell" / "daemon"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(PROGRAM)
    output = tmp_path / "ways.json"
    done = subprocess.run(
        [sys.executable, "-P", calls.PROFILED, str(tmp_path / "tree"), str(output)],
        env={"PYTHONPATH": str(tmp_path / "tree")},
        check=False,
    )
    assert done.returncode == 0
    here = "safeshell/daemon/__main__.py"
    assert json.loads(output.read_text()) == [[[here, "write"], [here, "read"]]]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return working_tree(str(tmp_path_factory.mktemp("working") / "tree"))


@pytest.mark.needs("cc")
@pytest.mark.parametrize("placement", calls.PLACEMENTS)
def test_the_daemons_way_goes_from_what_took_the_request_to_what_answers_it(
    tmp_path: Path, tree: Tree, placement: str
) -> None:
    programs = build(str(tmp_path))
    assert programs is not None
    way = calls.way(tree, programs, placement)
    front = "safeshell/daemon/fastpath/binding.py"
    assert way[0][0] == front
    assert ("safeshell/policy/evaluator.py", "evaluate") in way
    assert (way[-1][0] == front) == (placement == "daemon")
    assert not [file for file in calls.files_of(way) if file.startswith(("/", "<"))]
