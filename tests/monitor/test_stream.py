from __future__ import annotations

from typing import Any

from monitor.fake import at_desk, hello, played
from textual.widgets import Select

from safeshell.monitor import stream
from safeshell.monitor.events import Decided
from safeshell.monitor.stream import KEPT, DecisionStream


def record(number: int = 1, **more: Any) -> Decided:
    return Decided(
        {
            "event": "decision",
            "ts": "2026-11-22T10:00:00.123Z",
            "decision": "deny",
            "rule": "no-force-push",
            "argv": ["git", "push", f"branch{number}"],
            "cwd": "/work/here",
            "placement": "in_place",
            "exit": 126,
            "duration_ms": 12.3,
            **more,
        }
    )


def commands(shown: DecisionStream) -> list[str]:
    return [line.command for line in shown.shown]


@played
async def test_a_decision_is_a_line() -> None:
    async with at_desk(hello(), record(), size=(140, 30)) as desk:
        await desk.sees("deny", "126", "no-force-push", "git push branch1", "/work/here", "in place", "12 ms")
        await desk.sees("decided", "outcome", "directory", "placement", "duration")


@played
async def test_it_can_be_filtered_by_decision_with_the_keyboard() -> None:
    kinds = ["allow", "deny", "require_approval", "redirect"]
    records = [record(number, decision=kind) for number, kind in enumerate(kinds)]
    async with at_desk(hello(), *records, record(9, error="broke")) as desk:
        shown = desk.app.query_one(DecisionStream)
        found = []
        for _ in range(6):
            await desk.press("f")
            await desk.pilot.pause()
            found.append([word.removeprefix("git push branch") for word in commands(shown)])
        assert found == [["0"], ["1", "9  [broke]"], ["2"], ["3"], ["9  [broke]"], ["0", "1", "2", "3", "9  [broke]"]]


@played
async def test_it_can_be_filtered_by_decision_with_the_mouse() -> None:
    async with at_desk(hello(), record(1), record(2, decision="allow")) as desk:
        await desk.pilot.click(Select)
        await desk.sees("require approval")
        await desk.pilot.click("SelectOverlay", offset=(4, 1))
        shown = desk.app.query_one(DecisionStream)
        await desk.until(lambda: commands(shown) == ["git push branch2"], "the filter")


@played
async def test_it_can_be_searched_and_what_comes_is_searched_too() -> None:
    async with at_desk(hello(), record(1), record(2)) as desk:
        shown = desk.app.query_one(DecisionStream)
        await desk.press("slash")
        await desk.type("branch2")
        await desk.sees("Decisions: 1 of 2", "branch2")
        await desk.hear(record(22), record(3))
        assert commands(shown) == ["git push branch2", "git push branch22"]
        await desk.press("enter", *["backspace"] * 3)
        assert commands(shown) == ["git push branch2", "git push branch22"], "the field lost the focus"


@played
async def test_the_newest_are_followed_until_one_looks_back() -> None:
    async with at_desk(hello(), *[record(number) for number in range(100)]) as desk:
        shown = desk.app.query_one(DecisionStream)
        await desk.sees("branch99")
        shown.focus()
        await desk.press("home")
        await desk.sees("branch0 ")
        await desk.hear(record(100))
        await desk.pilot.pause()
        assert "branch100" not in desk.screen()
        await desk.press("end")
        await desk.sees("branch100")
        await desk.hear(record(101))
        await desk.sees("branch101")


@played
async def test_what_is_looked_at_stays_where_it_is_when_the_oldest_go() -> None:
    async with at_desk(hello()) as desk:
        shown = desk.app.query_one(DecisionStream)
        for start in range(0, KEPT, 1000):
            await desk.hear(*[record(number) for number in range(start, start + 1000)])
        shown.scroll_to(y=100, animate=False)
        await desk.sees("branch110 ")
        await desk.hear(*[record(number) for number in range(KEPT, KEPT + 50)])
        await desk.sees("branch110 ")
        assert shown.scroll_offset.y == 50
        assert len(shown.shown) == KEPT


@played
async def test_records_of_every_shape_are_shown() -> None:
    shapes: list[dict[str, Any]] = [
        {"event": "decision"},
        {"ts": "rubbish", "kind": "refused-approval", "approval": {"answer": "enroll", "refused": "no terminal"}},
        {"kind": "line", "argv": ["rm -rf / && echo"], "decision": "deny"},
        {"argv": ["touch", "\udcff\x1b[0m[red]"], "decision": "allow", "exit": "SIGKILL"},
        {"observed": [{"rule": "tried"}], "decision": "allow", "argv": ["ls"]},
        {"approval": {"id": 3, "answer": "denied", "words": "no\n"}, "argv": ["git"], "decision": "require_approval"},
    ]
    async with at_desk(hello(), *[Decided(shape) for shape in shapes], size=(160, 40)) as desk:
        await desk.sees(
            "[no terminal]", "rm -rf / && echo", "\\x1b[0m[red]", "SIGKILL", "(tried)", "denied", "git  [no\\n]"
        )


def test_the_words_of_the_filter_are_those_of_the_log() -> None:
    assert set(stream._COLOURS) == {"allow", "deny", "approval", "redirect", "error"}
