"""The clients, built once for each run, and a home for each test."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from ccode import hooks
from needs import need

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHIMS = os.path.join(ROOT, "shims")
BUILDS = ("freestanding", "libc")
BLANK = {"PATH": "/usr/bin:/bin"}


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Path of each client."""
    directory = tmp_path_factory.mktemp("clients")
    built = {"bash": os.path.join(SHIMS, "safeshell-check")}
    for name, build in (("freestanding", hooks().compile_static), ("libc", hooks().compile_linked)):
        built[name] = str(directory / name)
        assert not build(SHIMS, built[name])
    return built


class Process(subprocess.Popen[bytes]):
    """A process that a failed test does not leave behind."""

    def __exit__(self, *failure: object) -> None:
        self.kill()
        super().__exit__(*failure)  # type: ignore[arg-type] # passed through


@dataclass
class Shim:
    """A client in a command's place, in a home of its own."""

    home: str
    path: str
    client: str

    @property
    def speaks_lines(self) -> bool:
        return self.client.endswith("safeshell-check")

    def environment(self, more: dict[str, str]) -> dict[str, str]:
        return {**BLANK, "SAFESHELL_HOME": self.home, **more}

    def popen(self, *argv: str | bytes, env: dict[str, str] | None = None, **options: Any) -> Process:
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return Process(argv, executable=self.path, env=self.environment(env or {}), **options)

    def run(self, *argv: str | bytes, **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Runs it as argv[0] with these arguments."""
        with self.popen(*argv, **options) as process:
            out, err = process.communicate(timeout=30)
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def install(self, name: str) -> Shim:
        """The same client under another command's name."""
        path = os.path.join(os.path.dirname(self.path), name)
        os.symlink(self.client, path)
        return Shim(self.home, path, self.client)

    def configure(self, *lines: str) -> None:
        with open(os.path.join(self.home, "client.conf"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def make_shim(home: str, client: str) -> Shim:
    if client.endswith("safeshell-check"):
        need("nc|socat")
    os.mkdir(os.path.join(home, "shims"))
    path = os.path.join(home, "shims", "probe")
    os.symlink(client, path)
    return Shim(home, path, client)


@pytest.fixture
def home() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ss") as directory:  # short: a socket's path has 107 bytes
        yield directory


@pytest.fixture(params=BUILDS)
def shim(request: pytest.FixtureRequest, clients: dict[str, str], home: str) -> Shim:
    """The native client, in each build."""
    return make_shim(home, clients[request.param])


@pytest.fixture
def bash_shim(clients: dict[str, str], home: str) -> Shim:
    """The bash client."""
    return make_shim(home, clients["bash"])


@pytest.fixture(params=[*BUILDS, "bash"])
def any_shim(request: pytest.FixtureRequest, clients: dict[str, str], home: str) -> Shim:
    """Every client."""
    return make_shim(home, clients[request.param])
