from __future__ import annotations

from monitor.fake import at_desk, entry, hello, played

from safeshell.monitor.events import Held, Lost, Measured, read_held
from safeshell.monitor.pending import PendingList


@played
async def test_without_a_daemon_it_says_so_and_how_to_start_one() -> None:
    lost = Lost("can't reach the daemon at /h/daemon.sock: No such file or directory", "run `safeshell daemon start`")
    async with at_desk(lost, size=(140, 30)) as desk:
        await desk.sees("no daemon: can't reach the daemon", "run `safeshell daemon start`", "trying again")
        await desk.hear(hello(entry()))
        await desk.sees("connected", "git push")
        assert "trying again" not in desk.screen()


@played
async def test_a_daemon_that_goes_takes_along_what_waited() -> None:
    async with at_desk(hello(entry(1))) as desk:
        await desk.press("down")
        await desk.hear(Lost("the daemon went away"))
        await desk.sees("no daemon", "nothing waits", "Select a command")
        await desk.press("a")
        await desk.pilot.pause()
        assert len(desk.app.screen_stack) == 1


@played
async def test_a_connection_that_is_made_anew_keeps_what_was_selected() -> None:
    async with at_desk(hello(entry(1), entry(2))) as desk:
        await desk.press("down", "down")
        await desk.hear(hello(entry(2), entry(3), epoch=2))
        selected = desk.app.query_one(PendingList).selected
        assert selected is not None
        assert selected.number == 2


@played
async def test_figures_are_shown() -> None:
    async with at_desk(hello()) as desk:
        await desk.hear(Measured({"requests": {"total": 12, "deny": 2}, "stages": {"whole": {"p50_us": 210.4}}}))
        await desk.sees("p50 210 µs", "12 decided (2 deny)")
        await desk.hear(Measured({}))
        await desk.sees("no figures")


@played
async def test_u14_an_edit_that_waits_for_a_person_is_shown_until_it_does_not() -> None:
    edit = {"files": [{"path": "/home/a/.safeshell/rules.yaml", "old": "1", "new": "2"}], "loosens": ["no-ls: gone"]}
    waits = "an edit of rules.yaml waits for a person (safeshell compile): no-ls: gone"
    async with at_desk(hello(), size=(140, 30)) as desk:
        await desk.sees("connected")
        await desk.hear(read_held({"event": "held", "held": edit}))
        await desk.sees("connected", waits)
        await desk.hear(hello(epoch=2))
        await desk.sees("connected")
        assert waits not in desk.screen()
        await desk.hear(read_held({"held": edit}))
        await desk.sees(waits)
        await desk.hear(Held(""))
        await desk.until(lambda: waits not in desk.screen(), "its end")


@played
async def test_q_ends_it_and_closes_the_feed() -> None:
    async with at_desk(hello()) as desk:
        await desk.press("q")
        await desk.until(lambda: not desk.app.is_running, "its end")
    assert desk.feed.closed


@played
async def test_control_c_ends_it_even_in_a_dialog() -> None:
    async with at_desk(hello(entry())) as desk:
        await desk.press("down", "a")
        await desk.sees("Approve 1?")
        await desk.press("ctrl+c")
        await desk.until(lambda: not desk.app.is_running, "its end")


@played
async def test_letters_typed_into_a_field_are_text() -> None:
    async with at_desk(hello(entry())) as desk:
        await desk.press("down", "slash")
        await desk.type("q a d p f y /")
        await desk.sees("q a d p f y /")
        assert len(desk.app.screen_stack) == 1
        assert desk.app.is_running
