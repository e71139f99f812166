"""`safeshell shell`."""

from __future__ import annotations

import os

import pytest
from harness import Cli
from needs import need

from safeshell.home.paths import Home
from safeshell.install.native import native_shell


@pytest.fixture(autouse=True)
def built() -> None:
    if native_shell() is None:
        need("cc")


def test_it_prints_the_path_of_what_it_has_made(cli: Cli, home: Home) -> None:
    path = f"{home.hooks}/safeshell-sh"
    assert cli("shell") == (0, f"{path}\n", "")
    assert os.access(path, os.X_OK)
    assert os.path.exists(f"{home.shell}/bash_env")
    assert cli("shell", "zsh").out == f"{home.hooks}/zsh\n"
    assert os.readlink(f"{home.hooks}/zsh") == "safeshell-sh"
    assert cli("shell", "vim").status == 2


def test_sync_renews_a_copy_that_is_there_and_uninstall_removes_it(cli: Cli, home: Home) -> None:
    assert "renewed" not in cli("shims", "sync").err
    path = cli("shell", "bash").out.strip()
    os.unlink(f"{home.hooks}/safeshell-sh")
    with open(f"{home.hooks}/safeshell-sh", "w", encoding="ascii") as stream:
        stream.write("an older one")
    assert f"renewed {home.hooks}/safeshell-sh" in cli("shims", "sync").err
    assert os.access(path, os.X_OK)
    done = cli("uninstall")
    assert f"removed {home.hooks}/safeshell-sh" in done.out
    assert not os.path.lexists(path)
