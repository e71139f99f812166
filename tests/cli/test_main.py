"""The one edge of the command line: help, usage, expected failures, bugs."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import click
import pytest
from harness import SAFESHELL, Cli, environment, safeshell

from safeshell import __version__
from safeshell.cli.main import COMMANDS, command
from safeshell.home.paths import Home


def leaves(group: click.Group, *words: str) -> list[tuple[str, ...]]:
    """Every command by its words."""
    found = []
    for name in group.list_commands(click.Context(group)):
        one = group.get_command(click.Context(group), name)
        assert one is not None
        found.append((*words, name))
        if isinstance(one, click.Group):
            found += leaves(one, *words, name)
    return found


def test_every_command_has_help_on_stdout(cli: Cli) -> None:
    for words in [(), *leaves(command)]:
        status, out, err = cli(*words, "--help")
        assert (status, err) == (0, ""), words
        assert out.startswith(f"Usage: {' '.join(['safeshell', *words])} "), words


def test_help_lists_every_command_without_importing_any(home: Home) -> None:
    done = safeshell(home, "--help", env={"PYTHONVERBOSE": "1"})
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert "safeshell.cli.compile" not in done.stderr
    assert "import 'pydantic" not in done.stderr


def test_the_version(cli: Cli) -> None:
    assert cli("--version") == (0, f"safeshell, version {__version__}\n", "")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["chekc"], "no such command 'chekc'. Did you mean 'check'?"),
        (["frobnicate"], "no such command 'frobnicate'."),
        (["--frobnicate"], "No such option"),
        (["check"], "COMMAND, -c LINE, --writes PATH or --reads PATH is missing"),
        (["check", "--context", "robot", "--", "ls"], "Invalid value"),
        (["check", "--env", "NOVALUE", "--", "ls"], "'NOVALUE' is not K=V"),
        (["check", "--env", "=x", "--", "ls"], "'=x' is not K=V"),
        (["compile", "--format", "xml"], "Invalid value"),
        (["compile", "-o", "x", "a.yaml", "b.yaml"], "-o writes one table: name one RULES"),
        (["daemon", "begin"], "No such command"),
        (["shims", "sync", "--client", "perl"], "Invalid value"),
        (["run"], "Missing argument"),
    ],
)
def test_wrong_usage_is_2_and_said_on_stderr(cli: Cli, argv: list[str], said: str) -> None:
    status, out, err = cli(*argv)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_without_a_command_there_is_help(cli: Cli) -> None:
    status, out, err = cli()
    assert status == 2
    assert "Usage: safeshell" in out + err


def test_an_expected_failure_is_a_line_and_a_hint(cli: Cli, home: Home) -> None:
    os.unlink(home.rules)
    assert cli("compile") == (
        1,
        "",
        f"safeshell: {home.rules} does not exist\n  hint: run `safeshell init`\n",
    )


def test_a_bug_is_a_line_and_a_file(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("safeshell.cli.checked_command.evaluate", fail)
    status, out, err = cli("check", "--", "ls")
    (log,) = tmp_path.iterdir()
    assert (status, out, err) == (70, "", f"safeshell: this is a bug; the traceback is in {log}\n")
    text = log.read_text()
    assert "ZeroDivisionError: of all things" in text
    assert f"safeshell {__version__}, Python 3" in text


def test_an_interrupt_is_130(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("safeshell.cli.checked_command.evaluate", interrupt)
    status, out, err = cli("check", "--", "ls")
    assert (status, out, err.strip()) == (130, "", "")


def test_a_reader_that_has_seen_enough_is_no_bug(home: Home) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [SAFESHELL, "check", "--json", "--", "ls"],
        env=environment(home),
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete(home: Home, shell: str) -> None:
    done = safeshell(home, env={"_SAFESHELL_COMPLETE": f"{shell}_source"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "_SAFESHELL_COMPLETE" in done.stdout
