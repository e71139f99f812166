"""The rules' reference and the README run: YAML examples compile and their tests hold, console examples answer so.

A YAML block is a whole file where it has a `version`, else a list of rules. A word after the fence names the file
(later blocks may include it; below .safeshell it is a repository's, config.yaml holds settings) or the finding that the
block shows.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from codeblocks import ROOT, Block, blocks
from harness import PATH, SAFESHELL, temporary_directory
from rulecases import failures
from safeshell_compiler import CODES, Compilation, compile_rules
from safeshell_compiler.reading.config import read_config
from safeshell_compiler.reading.rule_model import CONDITION_KINDS, Override, RuleModel

RULES = "docs/rules.md"
PAGES = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))

EXAMPLES = [block for page in ("README.md", RULES) for block in blocks(page, "yaml")]
SHOWS_FINDING = [block for block in EXAMPLES if block.label in CODES]
SETTINGS = [block for block in EXAMPLES if block.label == "config.yaml"]
HOLDS = [block for block in EXAMPLES if block not in SHOWS_FINDING and block not in SETTINGS]


def whole(block: Block) -> str:
    """The block as a rules file."""
    return block.text if re.search(r"^version:", block.text, re.MULTILINE) else f"version: 1\nrules:\n{block.text}"


def compiled(block: Block, directory: Path) -> Compilation:
    """The block, compiled among all files that its page names before it."""
    for other in EXAMPLES:
        if other.page == block.page and other.line < block.line and "." in other.label:
            _write(directory / other.label, whole(other))
    path = directory / (block.label if "." in block.label else "example.yaml")
    _write(path, whole(block))
    return compile_rules(str(path), "repository" if block.label.startswith(".safeshell/") else "user", lint=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


@pytest.mark.parametrize("block", HOLDS, ids=str)
def test_an_example_is_clean_and_its_tests_hold(tmp_path: Path, block: Block) -> None:
    compilation = compiled(block, tmp_path)
    assert compilation.findings == ()
    assert failures(compilation) == []


@pytest.mark.parametrize("block", SHOWS_FINDING, ids=str)
def test_an_example_of_a_finding_gives_it(tmp_path: Path, block: Block) -> None:
    assert [found.code for found in compiled(block, tmp_path).findings] == [block.label]


@pytest.mark.parametrize("block", SETTINGS, ids=str)
def test_settings_are_valid(tmp_path: Path, block: Block) -> None:
    _write(tmp_path / "config.yaml", block.text)
    assert read_config(str(tmp_path / "config.yaml")).findings == ()


def test_the_settings_shown_are_the_defaults(tmp_path: Path) -> None:
    _write(tmp_path / "config.yaml", SETTINGS[0].text)
    shown = read_config(str(tmp_path / "config.yaml")).settings
    assert shown is not None
    assert shown == read_config(str(tmp_path / "missing.yaml")).settings


def test_every_key_and_condition_has_an_example() -> None:
    text = "\n".join(block.text for block in HOLDS if block.page == RULES)
    keys = {*CONDITION_KINDS, *RuleModel.model_fields, *Override.model_fields} - {"all_", "any_", "not_"}
    assert {key for key in keys if not re.search(rf"\b{key}:", text)} == set()


def test_every_finding_that_is_linked_is_in_the_reference() -> None:
    reference = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    linked = re.findall(r"findings\.md#(ss\d+)", (ROOT / RULES).read_text(encoding="utf-8"))
    assert linked
    for anchor in linked:
        assert f"### {anchor.upper()}\n" in reference


@dataclass(frozen=True, slots=True)
class Example:
    """A command of a console block and what it prints, "" where that is not shown."""

    block: Block
    command: str
    output: str

    def __str__(self) -> str:
        return f"{self.block}: {self.command}"


NOT_OFFLINE = {
    "run": "starts a daemon and a program with it",
    "daemon": "needs one that runs",
    "approvals": "asks a daemon, and a person",
    "monitor": "needs a terminal",
    "perf-stats": "asks a daemon",
    "doctor": "starts one",
    "export": "sends until it is ended",
    "hook": "changes an agent's settings",
}


def console_examples() -> Iterator[Example]:
    """Each `$ safeshell …` with the lines below it; a comment behind the command is no part of it."""
    for page in PAGES:
        for block in blocks(page, "console"):
            for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
                line, _, output = part.partition("\n")
                words = shlex.split(line, comments=True)
                if words[0] == "safeshell" and words[1] not in NOT_OFFLINE:
                    yield Example(block, shlex.join(words), output)


@pytest.fixture(scope="module")
def ann() -> Iterator[dict[str, str]]:
    """The environment of somebody who has just run `safeshell init`, and keeps an old and a new rules file."""
    with ExitStack() as stack:
        home = os.path.realpath(stack.enter_context(temporary_directory()))
        environment = {"HOME": home, "PATH": f"{os.path.dirname(SAFESHELL)}:{PATH}", "LC_ALL": "C.UTF-8"}
        subprocess.run(["safeshell", "init"], env=environment, cwd=home, check=True, capture_output=True)
        _write(Path(home, "rules.yaml"), blocks("README.md", "yaml")[0].text)
        _write(Path(home, "old.yaml"), "version: 1\nrules: []\n")
        yield environment


@pytest.mark.parametrize("example", list(console_examples()), ids=str)
def test_a_console_example_prints_what_it_shows(ann: dict[str, str], example: Example) -> None:
    home = ann["HOME"]
    done = subprocess.run(
        ["sh", "-c", example.command],
        env=ann,
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode not in (2, 70, 127), done.stderr
    if example.output:
        printed = done.stdout.replace(home, "/home/ann")
        pattern = "".join("(?s:.*)" if part == "…" else re.escape(part) for part in re.split("(…)", example.output))
        assert re.fullmatch(pattern, printed), f"{printed}\nis not\n{example.output}"


def test_there_are_console_examples() -> None:
    assert len(list(console_examples())) > 5
