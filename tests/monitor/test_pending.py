from __future__ import annotations

from monitor.fake import at_desk, entry, hello, played

from safeshell.monitor.events import Asked, Settled
from safeshell.monitor.pending import PendingList


@played
async def test_what_waits_is_shown_with_all_that_a_person_needs() -> None:
    one = entry(7, command="sudo touch secret", subject="touch secret", argv=["sudo", "touch", "secret"])
    async with at_desk(hello(one)) as desk:
        await desk.sees("7   4:48  agent   sudo touch secret")
        await desk.press("down")
        await desk.sees(
            "as touch secret",
            "in /work/here",
            "branch main",
            "ask-to-force (/home/a/.safeshell/rules.yaml:3)",
            "Force-pushing rewrites",
            "an agent (pid 4321, uid 1000)",
            "4:48 left",
        )


@played
async def test_a_monitor_that_comes_late_sees_what_waits_already() -> None:
    async with at_desk(hello(entry(3), entry(4, context="human"))) as desk:
        await desk.sees("Waiting for approval: 2", "3   4:48  agent", "4   4:48  person")


@played
async def test_time_goes_down_and_never_below_nothing() -> None:
    async with at_desk(hello(entry())) as desk:
        desk.later(200)
        await desk.sees("1:28")
        desk.later(200)
        await desk.sees("0:00")


@played
async def test_what_arrives_is_not_selected_and_moves_nothing() -> None:
    async with at_desk(hello()) as desk:
        await desk.hear(Asked(entry(1)))
        await desk.press("a")
        await desk.pilot.pause()
        assert len(desk.app.screen_stack) == 1, "a key that was meant for nothing opened a dialog"
        await desk.press("down")
        await desk.hear(Asked(entry(2)), Asked(entry(3)))
        selected = desk.app.query_one(PendingList).selected
        assert selected is not None
        assert selected.number == 1
        assert [one.number for one in desk.app.query_one(PendingList).entries] == [1, 2, 3]


@played
async def test_what_arrives_does_not_take_the_focus() -> None:
    async with at_desk(hello(entry(1))) as desk:
        await desk.press("slash", "x")
        await desk.hear(Asked(entry(2)))
        await desk.type("aday")
        await desk.sees("xaday")
        assert len(desk.app.screen_stack) == 1
        assert desk.feed.answers == []


@played
async def test_selection_stays_with_its_command_when_an_earlier_one_goes() -> None:
    async with at_desk(hello(entry(1), entry(2), entry(3))) as desk:
        await desk.press("down", "down")
        await desk.hear(Settled(1, "denied"))
        selected = desk.app.query_one(PendingList).selected
        assert selected is not None
        assert selected.number == 2


@played
async def test_nothing_takes_the_place_of_a_selected_command_that_goes() -> None:
    async with at_desk(hello(entry(1), entry(2))) as desk:
        await desk.press("down")
        await desk.hear(Settled(1, "approved", by=999))
        assert desk.app.query_one(PendingList).selected is None
        await desk.press("a", "d")
        await desk.pilot.pause()
        assert len(desk.app.screen_stack) == 1
        await desk.sees("1 approved by process 999 — git push", "Select a command")


@played
async def test_how_another_settled_it_is_said() -> None:
    async with at_desk(hello(entry(1))) as desk:
        await desk.hear(Settled(1, "denied", "not on a Friday", 999))
        await desk.sees("1 denied by process 999: not on a Friday", "nothing waits")


@played
async def test_a_command_can_neither_drive_the_terminal_nor_the_markup() -> None:
    hostile = "touch '[red]x[/nope]\x1b[31m\u202e'"
    one = entry(1, command=hostile, subject=hostile, message="[b]m[/]\x07", cwd="/[link=x]\x9b", branch="[i]")
    shown = "[red]x[/nope]\\x1b[31m\\u202e"
    async with at_desk(hello(one)) as desk:
        await desk.sees(f"touch '{shown}'")
        await desk.press("down")
        await desk.sees("[b]m[/]\\x07", "/[link=x]\\u009b", "branch [i]")
        await desk.press("a")
        await desk.sees("Approve 1?", shown)
        await desk.press("escape")
        await desk.hear(Settled(1, "denied", "[red]words[/nope]", 9))
        await desk.sees("[red]words[/nope]")
        assert "\x1b" not in desk.screen()


@played
async def test_the_mouse_selects_and_opens_the_dialogs() -> None:
    async with at_desk(hello(entry(1), entry(2))) as desk:
        await desk.pilot.click(PendingList, offset=(10, 2))
        await desk.sees("▶   2", "a Approve…")
        await desk.pilot.click("Detail Button")
        await desk.sees("Approve 2?")


@played
async def test_more_than_fit_scroll_with_the_selection() -> None:
    async with at_desk(hello(*[entry(number) for number in range(1, 41)]), size=(80, 24)) as desk:
        await desk.press(*["down"] * 30)
        await desk.sees("▶  30")
        await desk.press(*["up"] * 30)
        await desk.sees("▶   1")
