from __future__ import annotations

from pathlib import Path

import pytest
from page import MissingPlaceError, fill, refresh
from sections import SECTIONS
from tables import Table

PAGE = "before\n<!-- figures: a -->\nold\n<!-- end -->\nbetween\n<!-- figures: b -->\n<!-- end -->\nafter\n"
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "performance.md"


def test_only_its_place_is_filled() -> None:
    assert fill(PAGE, "a", "new | \\1") == PAGE.replace("old", "new | \\1")
    assert fill(PAGE, "b", "new") == PAGE.replace("b -->\n", "b -->\nnew\n")


def test_filling_again_changes_nothing() -> None:
    once = fill(PAGE, "b", "new")
    assert fill(once, "b", "new") == once


def test_a_missing_place_is_an_error_and_the_page_stays(tmp_path: Path) -> None:
    with pytest.raises(MissingPlaceError):
        fill(PAGE, "c", "new")
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    with pytest.raises(SystemExit, match="no place for `c`"):
        refresh(str(page), {"a": "new", "c": "new"})
    assert page.read_text() == PAGE


def test_a_table_as_text_and_as_markdown() -> None:
    table = Table("x", "title", ("what", "µs"), [("a|b", "1"), ("c", "1,000")])
    assert table.to_text() == "\ntitle\nwhat     µs\na|b       1\nc     1,000"
    assert table.to_markdown() == "| what | µs |\n| --- | ---: |\n| a\\|b | 1 |\n| c | 1,000 |"


def test_the_documentation_has_the_places_and_names_the_sections() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    for name in ("machine", "budget", "overhead", "ledger", "decide", "engines", "throughput", "lifecycle", "compile"):
        assert fill(text, name, "x") != text
    for name in ("around", "bucket", "judging"):
        assert fill(text, name, "x") != text
    for section in SECTIONS:
        assert f"--only {section}`" in text
