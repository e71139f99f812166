"""The reference broker answers the native client as the daemon would, and leaves nothing behind."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from building import Programs, build
from harness import processes_of
from reference import reference
from throughput import load

from safeshell.install.native import native_client

pytestmark = pytest.mark.needs("cc")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    built = build(str(tmp_path_factory.mktemp("built")))
    assert built is not None
    return built


@pytest.fixture
def shims(request: pytest.FixtureRequest, programs: Programs) -> Iterator[Path]:
    client = native_client()
    assert client is not None
    with reference(programs, request.param, client, ["/bin/sh"]) as home:
        yield Path(home, "shims")
    assert not processes_of(home)


def run(shims: Path, script: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["sh", "-c", script],
        executable=shims / "sh",
        env={"SAFESHELL_HOME": str(shims.parent), "A": "b"},
        cwd="/usr",
        input=b"typed\n",
        capture_output=True,
        start_new_session=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("shims", ["exec", "spawn"], indirect=True)
def test_it_runs_the_program_with_all_that_is_the_callers(shims: Path) -> None:
    done = run(shims, 'read line; echo "$line $A $PWD"; echo error >&2; exit 7')
    assert (done.returncode, done.stdout, done.stderr) == (7, b"typed b /usr\n", b"error\n")


@pytest.mark.parametrize("shims", ["spawn"], indirect=True)
def test_a_death_by_a_signal_comes_back(shims: Path) -> None:
    assert run(shims, "kill -TERM $$").returncode == -15


@pytest.mark.parametrize("shims", ["refuse"], indirect=True)
def test_it_refuses_everybody(shims: Path) -> None:
    assert run(shims, "echo ran").stdout == b""
    assert run(shims, "echo ran").returncode == 126


@pytest.mark.parametrize("shims", ["spawn"], indirect=True)
def test_many_callers_at_once_all_get_their_own_answer(shims: Path, programs: Programs) -> None:
    words = ["run", "32", "10", "same", str(shims / "sh"), "-c", "exit 0"]
    assert load(programs, *words, home=str(shims.parent), directory="/") > 0


def test_the_load_generator_ends_with_another_answer_than_expected(programs: Programs) -> None:
    with pytest.raises(SystemExit, match="load run failed"):
        load(programs, "run", "1", "1", "same", "/bin/false", directory="/")
