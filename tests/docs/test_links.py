"""What the pages name is there: relative links, with the headings that they lead to, and files of ours in backticks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from codeblocks import ROOT

PAGES = sorted(
    path.relative_to(ROOT) for pattern in ("*.md", "docs/**/*.md", ".github/**/*.md") for path in ROOT.glob(pattern)
)
BASES = ("", "safeshell", "safeshell/daemon", "compiler/safeshell_compiler", "compiler", "docs")
"""What a path in backticks may be relative to, besides the page."""

FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
TICKED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
SOURCE = re.compile(r"[\w.-]+\.(?:py|c|h)")
"""A bare name that is a file of ours: users have rules, not modules."""

PATH = re.compile(r"(?:\.?[\w-]+/)+(?:[\w.-]+\.(?:py|c|h|md|yaml|yml|toml|txt|svg))?")
THEIRS = re.compile(
    r"\.safeshell/|rules\.d|(?:shims|hooks|trash|build|staging|expunged)/$|\b(?:team|src|you|home|work)/|NAME"
)
"""What looks so and is a user's, below a home or a repository; or a name to be filled in."""


def text_of(page: Path) -> str:
    return FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))


def names() -> set[str]:
    """The basenames of our files."""
    listed = [
        path
        for base in ("safeshell", "compiler", "shims", "tests", "perf", "docs")
        for path in (ROOT / base).rglob("*.*")
    ]
    return {path.name for path in [*listed, *ROOT.glob("*.*")]}


def slugs(page: Path) -> set[str]:
    """The headings of a page as GitHub names them."""
    headings = re.findall(r"^#+ +(.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(text_of(page)):
        target, _, heading = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        found = (ROOT / page).parent / target if target else ROOT / page
        assert found.exists(), link
        if heading:
            assert heading in slugs(found.resolve().relative_to(ROOT)), link


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    known = names()
    for ticked in TICKED.findall(text_of(page)):
        path, _, _ = ticked.partition(":")
        if SOURCE.fullmatch(path):
            assert path in known, ticked
        elif PATH.fullmatch(path) and not THEIRS.search(path):
            bases = [ROOT / base for base in BASES] + [(ROOT / page).parent]
            assert any((base / path).exists() for base in bases), ticked
