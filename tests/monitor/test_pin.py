from __future__ import annotations

from monitor.fake import asks_pin, at_desk, entry, hello, played
from textual.widgets import Input

from safeshell.monitor.events import Lost
from safeshell.monitor.pin import PinDialog

NO_PIN = "there is no PIN yet: run `safeshell approvals enroll` at a terminal"


@played
async def test_the_pin_is_asked_once_and_shown_to_nobody() -> None:
    async with at_desk(asks_pin(entry())) as desk:
        await desk.sees("PIN", "Watch only")
        await desk.type("secret1")
        assert "secret1" not in desk.screen()
        await desk.slowly("enter")
        await desk.until(lambda: desk.feed.pins == ["secret1"], "the PIN")
        await desk.hear(hello(entry(), epoch=2))
        await desk.sees("what agents ask for can be answered here", "Waiting for approval: 1")
        assert len(desk.app.screen_stack) == 1
        await desk.hear(Lost("gone"), hello(epoch=3))
        assert len(desk.app.screen_stack) == 1


@played
async def test_a_wrong_pin_is_said_and_asked_again() -> None:
    async with at_desk(asks_pin()) as desk:
        await desk.type("wrong")
        await desk.slowly("enter")
        await desk.press("enter")
        await desk.hear(asks_pin(reason="wrong PIN"))
        await desk.sees("wrong PIN")
        assert desk.app.screen.query_one(Input).value == ""
        await desk.type("right")
        await desk.slowly("enter")
        await desk.until(lambda: desk.feed.pins == ["wrong", "right"], "the PIN")


@played
async def test_type_ahead_is_no_pin() -> None:
    async with at_desk() as desk:
        desk.feed.deliver(asks_pin())
        await desk.until(lambda: isinstance(desk.app.screen, PinDialog), "the dialog")
        await desk.press("x", "enter")
        await desk.pilot.pause()
        assert desk.feed.pins == []


@played
async def test_watching_only_is_a_choice_and_not_for_ever() -> None:
    async with at_desk(asks_pin(entry())) as desk:
        await desk.press("escape")
        await desk.sees("can't be answered here: it takes the PIN (p gives it)")
        await desk.hear(Lost("gone"), asks_pin(entry()))
        assert len(desk.app.screen_stack) == 1, "it was asked once"
        await desk.press("p")
        await desk.sees("Watch only")


@played
async def test_no_pin_asks_nothing() -> None:
    async with at_desk(asks_pin(), asks=False) as desk:
        await desk.sees("can't be answered here: it takes the PIN")
        assert len(desk.app.screen_stack) == 1


@played
async def test_where_there_is_none_nothing_is_asked_and_how_to_set_one_is_said() -> None:
    async with at_desk(hello(trusted=False, enrolled=False, reason=NO_PIN), size=(120, 30)) as desk:
        await desk.sees("safeshell approvals enroll")
        assert len(desk.app.screen_stack) == 1


@played
async def test_one_that_was_set_meanwhile_can_be_given() -> None:
    async with at_desk(hello(trusted=False, enrolled=False, reason=NO_PIN)) as desk:
        await desk.press("p")
        await desk.sees("Watch only", "there is no PIN yet")
        await desk.type("secret1")
        await desk.slowly("enter")
        await desk.until(lambda: desk.feed.pins == ["secret1"], "the PIN")
        await desk.hear(hello(epoch=2))
        await desk.sees("can be answered here")


@played
async def test_a_daemon_that_restarts_meanwhile_takes_nothing_out_of_the_field() -> None:
    async with at_desk(asks_pin()) as desk:
        await desk.type("sec")
        await desk.hear(Lost("gone"), asks_pin())
        await desk.type("ret")
        await desk.slowly("enter")
        await desk.until(lambda: desk.feed.pins == ["secret"], "the PIN")


@played
async def test_without_a_daemon_there_is_nobody_to_give_it_to() -> None:
    async with at_desk(Lost("no daemon yet")) as desk:
        await desk.press("p")
        await desk.sees("there is no daemon to give the PIN to")
        assert len(desk.app.screen_stack) == 1


@played
async def test_where_a_pin_does_not_help_none_is_asked() -> None:
    async with at_desk(asks_pin(reason="who answers has no terminal")) as desk:
        await desk.sees("can't be answered here: who answers has no terminal")
        assert len(desk.app.screen_stack) == 1


@played
async def test_the_question_does_not_come_between_somebody_who_types() -> None:
    async with at_desk(Lost("no daemon yet")) as desk:
        await desk.press("slash")
        await desk.hear(asks_pin())
        await desk.type("push")
        await desk.sees("push")
        assert len(desk.app.screen_stack) == 1


@played
async def test_a_daemon_that_goes_while_it_checks_is_said() -> None:
    async with at_desk(asks_pin()) as desk:
        await desk.type("secret1")
        await desk.slowly("enter")
        await desk.hear(Lost("gone"))
        await desk.sees("there is no daemon to check it")
        await desk.hear(hello())
        await desk.until(lambda: len(desk.app.screen_stack) == 1, "the dialog's end")
