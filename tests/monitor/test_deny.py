from __future__ import annotations

from monitor.fake import at_desk, entry, hello, played

from safeshell.monitor.events import Settled


@played
async def test_denied_with_words() -> None:
    async with at_desk(hello(entry(1), epoch=3)) as desk:
        await desk.press("down", "d")
        await desk.sees("Deny 1?", "git push --force")
        await desk.type("not on a [Friday]")
        await desk.slowly("enter")
        await desk.answers({"do": "deny", "id": 1, "words": "not on a [Friday]"}, epoch=3)
        assert len(desk.app.screen_stack) == 1


@played
async def test_type_ahead_does_not_deny() -> None:
    async with at_desk(hello(entry(1))) as desk:
        await desk.press("down", "d", "enter")
        await desk.sees("Deny 1?")
        assert desk.feed.answers == []


@played
async def test_escape_leaves_it_waiting() -> None:
    async with at_desk(hello(entry(1))) as desk:
        await desk.press("down", "d")
        await desk.type("no")
        await desk.press("escape")
        await desk.until(lambda: len(desk.app.screen_stack) == 1, "the dialog's end")
        assert desk.feed.answers == []


@played
async def test_a_click_denies() -> None:
    async with at_desk(hello(entry(1))) as desk:
        await desk.press("down", "d")
        await desk.sees("Deny 1?")
        desk.later()
        await desk.pilot.click(desk.button("deny"))
        await desk.answers({"do": "deny", "id": 1, "words": ""})


@played
async def test_what_settles_while_words_are_typed_keeps_the_dialog_and_sends_nothing() -> None:
    async with at_desk(hello(entry(1), entry(2))) as desk:
        await desk.press("down", "d")
        await desk.type("no")
        await desk.hear(Settled(1, "approved", "", 99))
        await desk.type(" way q a")
        await desk.sees("approved by process 99. Escape closes this.", "no way q a")
        await desk.slowly("enter")
        assert desk.feed.answers == []
        await desk.press("escape")
        await desk.until(lambda: len(desk.app.screen_stack) == 1, "the dialog's end")
