"""What the client does where the kernel tells less: seen through the libc build, whose calls can be intercepted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ccode import OLD_KERNEL, compile_own
from shims.conftest import Shim, make_shim
from shims.fake_daemon import FDS, FakeDaemon, refused
from shims.test_unreachable import configure_start

NO = refused(126, b"no\n")


@pytest.fixture(scope="session")
def preload(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The library that makes a kernel look old."""
    library = str(tmp_path_factory.mktemp("preload") / "old.so")
    compile_own(OLD_KERNEL, library)
    return library


@pytest.fixture
def shim(clients: dict[str, str], home: str) -> Shim:
    return make_shim(home, clients["libc"])


def test_descriptors_are_counted_one_by_one(shim: Shim, preload: str) -> None:
    kept = [os.open("/", os.O_PATH) for _ in range(60)]  # more than one read of the directory
    with FakeDaemon(shim.home, NO) as daemon:
        shim.run("probe", env={"LD_PRELOAD": preload}, start_new_session=True)
        assert daemon.request().flags == 0
        shim.run("probe", env={"LD_PRELOAD": preload}, start_new_session=True, pass_fds=kept[:1])
        assert daemon.request().flags == FDS
        shim.run("probe", env={"LD_PRELOAD": preload}, start_new_session=True, pass_fds=kept)
        assert daemon.request().flags == FDS
    for fd in kept:
        os.close(fd)


def test_a_scattered_environment_is_exact(shim: Shim, preload: str) -> None:
    many = {f"V{i}": "x" * i for i in range(100)}
    env = {"LD_PRELOAD": preload, "A": "1", "MOVED": "1", "B": "\udcff", **many}
    with FakeDaemon(shim.home, NO) as daemon:
        shim.run("probe", "a", "", env=env)
        request = daemon.request()
    assert request.argv == [b"probe", b"a", b""]
    assert request.env == [os.fsencode(f"{key}={value}") for key, value in shim.environment(env).items()]


def test_a_started_daemon_inherits_nothing(shim: Shim, preload: str) -> None:
    configure_start(shim, answers=1)
    kept = os.open("/", os.O_RDONLY)
    done = shim.run("probe", env={"LD_PRELOAD": preload}, pass_fds=[kept])
    os.close(kept)
    assert done.returncode == 6
    assert json.loads(Path(shim.home, "seen").read_text())["fds"] == ["0", "1", "2", "3", "4", "5"]
