"""Writes figures into docs/performance.md: what is between the markers is made here, the rest written by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path


class MissingPlaceError(Exception):
    """The page has no place of that name."""


def fill(text: str, name: str, content: str) -> str:
    """Puts content between `<!-- figures: NAME -->` and `<!-- end -->`.

    Raises:
        MissingPlaceError: the page lacks the two lines.
    """
    place = re.compile(rf"(<!-- figures: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    filled, count = place.subn(lambda found: f"{found[1]}{content.strip()}\n{found[2]}", text)
    if count != 1:
        raise MissingPlaceError(name)
    return filled


def refresh(path: str, contents: Mapping[str, str]) -> None:
    """Fills a page's places; those without new content stay as they are.

    Raises:
        SystemExit: the page lacks a place.
    """
    page = Path(path)
    text = page.read_text(encoding="utf-8")
    for name, content in contents.items():
        try:
            text = fill(text, name, content)
        except MissingPlaceError:
            raise SystemExit(f"{path} has no place for `{name}`: <!-- figures: {name} --> … <!-- end -->") from None
    page.write_text(text, encoding="utf-8")
