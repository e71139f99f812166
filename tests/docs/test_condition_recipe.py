"""The recipe for a condition, followed: two files are added to a copy of the source, and everything knows it."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from codeblocks import ROOT, blocks
from harness import PATH, environment, temporary_directory

from safeshell.client import execute
from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - name: no-fish
    commands: [ls]
    conditions: [{shell_in: [fish, zsh]}]
    action: deny
    message: Not from there.
    tests:
      match: [{command: ls, shell: zsh}]
      no_match: [ls, {command: ls, shell: bash}]
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    with temporary_directory() as root:
        made = Home(os.path.join(root, "h"))
        made.create()
        Path(made.rules).write_text(RULES, encoding="utf-8")
        Path(made.config).write_text("audit: all\nagents: {markers: [TESTED_AGENT]}\n", encoding="utf-8")
        yield made


@pytest.fixture(scope="module")
def run(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The `safeshell` command of a copy of the source with the recipe's files, in an environment of its own."""
    copy = tmp_path_factory.mktemp("copy")
    for package in ("safeshell", "compiler/safeshell_compiler"):
        shutil.copytree(ROOT / package, copy / package)
    for block in blocks("docs/recipes/condition.md", "python"):
        assert not (copy / block.label).exists()
        (copy / block.label).write_text(block.text, encoding="utf-8")
    venv.create(copy / "venv", symlinks=True)
    packages = next((copy / "venv").glob("lib/python*/site-packages"))
    paths = (str(copy), str(copy / "compiler"), *site.getsitepackages())
    (packages / "copy.pth").write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    program = "import sys; from safeshell.cli.main import main; sys.argv[0] = 'safeshell'; main()"

    def safeshell(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [copy / "venv/bin/python", "-I", "-c", program, *argv],
            env={**environment(home), "PATH": PATH},
            cwd=home.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return safeshell


def test_it_takes_two_files() -> None:
    labels = [block.label for block in blocks("docs/recipes/condition.md", "python")]
    assert labels == ["safeshell/policy/atoms/shell_in.py", "compiler/safeshell_compiler/atoms/shell_in.py"]


def test_rules_compile_and_their_tests_state_the_fact(run: Run) -> None:
    done = run("compile")
    assert (done.returncode, done.stderr) == (0, "")
    done = run("test")
    assert done.returncode == 0, done.stdout
    assert '["shell_in",["fish","zsh"]]' in run("compile", "--dump").stdout


def test_what_is_wrong_with_it_is_said(run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "rules.yaml"
    wrong.write_text(RULES.replace("[fish, zsh]", "[]"), encoding="utf-8")
    done = run("compile", "--check", str(wrong))
    assert done.returncode == 1
    assert "SS206" in done.stderr + done.stdout
    assert "no shell could hold" in done.stderr + done.stdout


def test_a_command_is_explained_by_it(run: Run) -> None:
    done = run("check", "--explain", "--env", "SHELL=/bin/zsh", "--", "ls")
    assert done.returncode == 3, done.stderr
    assert "yes  shell_in: [fish, zsh]  shell 'zsh'" in done.stdout
    done = run("check", "--explain", "--env", "SHELL=/bin/sh", "--", "ls")
    assert done.returncode == 0
    assert "fails: shell_in: [fish, zsh]" in done.stdout
    assert run("check", "--", "ls").returncode == 0


def test_the_daemon_decides_by_it_and_the_log_decides_again(run: Run, home: Home, tmp_path: Path) -> None:
    started = run("daemon", "start")
    assert started.returncode == 0, started.stderr
    try:
        for shell, status in (("/bin/fish", 126), ("/bin/sh", 0)):
            assert execute(["ls"], env={"SHELL": shell, "PATH": PATH}, home=home).returncode == status
    finally:
        run("daemon", "stop")
    records = [json.loads(line) for line in Path(home.audit).read_text(encoding="utf-8").splitlines()]
    assert [record["facts"] for record in records if "argv" in record] == [{"shell": "fish"}, {"shell": "sh"}]
    looser = tmp_path / "rules.yaml"
    looser.write_text(RULES.replace("fish, zsh", "zsh"), encoding="utf-8")
    done = run("replay", "--table", str(looser), "--json")
    assert json.loads(done.stdout)["differ"] == 1, done.stdout + done.stderr


def test_a_change_of_it_is_shown(run: Run, home: Home, tmp_path: Path) -> None:
    looser = tmp_path / "rules.yaml"
    looser.write_text(RULES.replace("fish, zsh", "zsh"), encoding="utf-8")
    done = run("diff", home.rules, str(looser))
    assert done.returncode == 1
    assert "with shell 'fish'" in done.stdout
