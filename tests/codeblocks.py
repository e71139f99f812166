"""Code blocks of a Markdown page, and where each stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        page: the page, relative to the project's root.
        line: of its first line, from 1.
        language: after the fence.
        label: the word after that, or "".
        text: what it holds.
    """

    page: str
    line: int
    language: str
    label: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str, language: str) -> list[Block]:
    """The blocks of a page in a language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [
        Block(page, text.count("\n", 0, match.start()) + 2, match[1], match[2] or "", match[3])
        for match in _BLOCK.finditer(text)
    ]
    return [block for block in found if block.language == language]
