"""`help.autocorrect`: what git itself runs for a word that is no subcommand, and what it is judged as."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from safeshell.command.command_line import block, unblock
from safeshell.command.unwrap import spellings

WORDS = ["tga", "tg", "psuh", "comit", "brnch", "rebsae", "stauts", "xyzzyx", "checkuot", "llog"]


def _judged_as(word: str, home: Path, *before: str) -> set[str]:
    environment = b"\0" + block([b"HOME=" + os.fsencode(home), b"PATH=/usr/bin:/bin", b"GIT_CONFIG_NOSYSTEM=1"])
    arguments = block([b"git", *[each.encode() for each in before], word.encode(), b"--never-an-option"])
    found = spellings("git", arguments, environment, os.fsencode(home))
    return {unblock(each.arguments)[1].decode() for each in found[1:]} - {word}


@pytest.mark.needs("git")
@pytest.mark.parametrize("word", WORDS)
def test_s18_what_git_corrects_a_word_to_is_among_what_it_is_judged_as(word: str, tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text("[help]\n\tautocorrect = -1\n[alias]\n\tllogs = log\n", encoding="utf-8")
    ran = subprocess.run(
        ["git", word, "--never-an-option"],
        env={"HOME": str(tmp_path), "PATH": os.defpath, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C", "GIT_TRACE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    corrected = ran.stderr.partition("the assumption that you meant '")[2].partition("'")[0]
    judged = _judged_as(word, tmp_path)
    assert corrected in judged if corrected else len(judged) != 1, ran.stderr


@pytest.mark.parametrize("value", ["0", "never", "show", "off"])
def test_s18_where_it_is_not_set_nothing_is_corrected(value: str, tmp_path: Path) -> None:
    assert _judged_as("tga", tmp_path) == set()
    (tmp_path / ".gitconfig").write_text(f"[help]\n\tautocorrect = {value}\n", encoding="utf-8")
    assert _judged_as("tga", tmp_path) == set()


@pytest.mark.parametrize("value", ["1", "30", "-1", "immediate", "prompt", "true"])
def test_s18_it_counts_however_it_is_set(value: str, tmp_path: Path) -> None:
    assert _judged_as("tga", tmp_path, "-c", f"help.autoCorrect={value}") == {"tag"}
    (tmp_path / ".gitconfig").write_text(f"[help]\n\tautocorrect = {value}\n", encoding="utf-8")
    assert _judged_as("tga", tmp_path) == {"tag"}


def test_s18_a_command_that_is_installed_is_none_that_git_corrects(tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text("[help]\n\tautocorrect = 1\n", encoding="utf-8")
    program = tmp_path / "git-tga"
    program.touch(0o755)
    environment = b"\0" + block([b"HOME=" + os.fsencode(tmp_path), b"PATH=" + os.fsencode(tmp_path)])
    found = spellings("git", block([b"git", b"tga"]), environment, os.fsencode(tmp_path))
    assert len(found) == 1
